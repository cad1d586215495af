package rpc_test

import (
	"fmt"
	"slices"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// modelHandled is what the modelled end handles; an empty kind is a plain call.
var modelHandled = map[string]rpc.Kind{"m.down": rpc.KindStream, "m.up": rpc.KindUpload, "m.both": rpc.KindDuplex, "m.plain": ""}

// request is a request of the peer. It returns the call if its handler begins.
func (m *protocolModel) request(f *wire.Frame, readable bool) *modelServed {
	c := &modelServed{tx: f.Tx.N, timed: f.Meta.Deadline > 0, news: f.Meta.Progress, streams: f.Meta.Opens != ""}
	opens := rpc.Kind(f.Meta.Opens)
	if opens == rpc.KindStream || opens == rpc.KindDuplex {
		c.down = &modelCredit{}
	}
	if f.Tx.N == 0 || m.served[f.Tx.N] != nil || (c.down != nil && !c.down.give(f.Meta.Items, f.Meta.Bytes)) {
		m.dies(true)
		return nil
	}
	m.requests++
	if code := m.refusal(f, c, readable); code != "" {
		m.leaves(wire.Error, c.tx, "error %s not started", code)
		return nil
	}
	m.served[c.tx] = c
	if opens == rpc.KindUpload || opens == rpc.KindDuplex {
		c.up = &modelInlet{left: modelCredit{modelItems, modelBytes}}
		m.leaves(wire.UploadCredit, c.tx, "uploadCredit %d %d", modelItems, modelBytes)
	}
	return c
}

// refusal is the code with which a request is answered whose handler does not begin; empty if it does.
func (m *protocolModel) refusal(f *wire.Frame, c *modelServed, readable bool) rpc.Code {
	same := 0
	for _, other := range m.served {
		if other.streams == c.streams {
			same++
		}
	}
	kind, handled := modelHandled[f.Type]
	uploads := kind == rpc.KindUpload || kind == rpc.KindDuplex // those have no payload
	switch {
	case same >= modelCalls:
		return rpc.Exhausted
	case !handled:
		return rpc.Unimplemented
	case kind != rpc.Kind(f.Meta.Opens), !readable && !uploads:
		return rpc.Invalid
	}
	return ""
}

// fromCaller is any other frame that the peer sends as the caller of tx.
func (m *protocolModel) fromCaller(f *wire.Frame, item modelItem) {
	c, fits := m.served[f.Tx.N], true
	switch {
	case f.Kind == wire.Credit && f.Tx.N == 0: // of notices: none is open
		fits = f.Meta.Items == 0
	case c == nil:
	case f.Kind == wire.Cancel:
		m.endContext(c, rpc.Canceled)
	case f.Kind == wire.Upload:
		fits = c.up != nil && c.up.arrive(item)
	case f.Kind == wire.UploadEnd:
		if fits = c.up != nil && !c.up.ended; fits {
			c.up.ended = true
		}
	case f.Kind == wire.Credit:
		fits = c.down != nil && c.down.give(f.Meta.Items, f.Meta.Bytes)
	}
	switch {
	case !fits:
		m.dies(true)
	case c != nil:
		m.runHandler(c)
	}
}

// endContext ends the context of a handler, which then does what it was told without avail, and returns.
func (m *protocolModel) endContext(c *modelServed, why rpc.Code) {
	if c.ended == "" {
		c.ended = why
	}
	m.runHandler(c)
}

// runHandler has a handler go on until it waits or has returned.
func (m *protocolModel) runHandler(c *modelServed) {
	for !c.answered && len(c.acts) > 0 {
		if !m.handlerDoes(c, c.acts[0]) {
			return
		}
		c.acts = c.acts[1:]
	}
	if !c.answered && c.ended != "" {
		m.answer(c, wire.Error, "error "+string(c.ended))
	}
}

// handlerDoes reports whether the handler could do what it was told; false: it waits.
func (m *protocolModel) handlerDoes(c *modelServed, a act) bool {
	switch a {
	case actSend:
		return m.handlerSends(c)
	case actRecv:
		return m.handlerReceives(c)
	case actReport:
		c.reports++
		c.lastNews = c.reports
	case actFail:
		m.answer(c, wire.Error, "error "+string(rpc.Conflict))
	case actPanic, actGoexit:
		m.answer(c, wire.Error, "error "+string(rpc.Internal))
	case actReturn:
		if c.down != nil {
			m.answer(c, wire.End, "end")
		} else {
			m.answer(c, wire.Result, fmt.Sprint("result ", modelReply))
		}
	}
	return true
}

func (m *protocolModel) handlerSends(c *modelServed) bool {
	switch {
	case c.ended != "":
		c.log = append(c.log, string(c.ended))
	case c.down.open():
		c.down.spend(m.size(wire.Frame{Kind: wire.Item, Tx: wire.Tx{N: c.tx}}, c.sent))
		m.leaves(wire.Item, c.tx, "item %d", c.sent)
		c.log = append(c.log, "sent")
		c.sent++
	default:
		return false
	}
	return true
}

func (m *protocolModel) handlerReceives(c *modelServed) bool {
	text := "eof"
	switch {
	case c.stopped:
	case c.ended != "":
		text, c.stopped = string(c.ended), true
	case len(c.up.queue) > 0:
		var back modelCredit
		text, back = c.up.take(false)
		c.stopped = text == string(rpc.Invalid)
		if back != (modelCredit{}) {
			m.leaves(wire.UploadCredit, c.tx, "uploadCredit %d %d", back.items, back.bytes)
		}
	case c.up.ended:
		c.stopped = true
	default:
		return false
	}
	c.log = append(c.log, text)
	return true
}

// answer ends a call of the peer.
func (m *protocolModel) answer(c *modelServed, k wire.Kind, text string) {
	c.answered = true
	delete(m.served, c.tx)
	m.leaves(k, c.tx, "%s", text)
}

// tellHandler has a handler do one thing more.
func (m *protocolModel) tellHandler(c *modelServed, a act) {
	c.acts = append(c.acts, a)
	m.runHandler(c)
}

// canDo are what this handler can be told.
func (c *modelServed) canDo() []act {
	all := []act{actReturn, actFail, actPanic, actReport, actGoexit}
	if c.down != nil {
		all = slices.Concat([]act{actSend, actSend, actSend, actSend}, all)
	}
	if c.up != nil {
		all = slices.Concat([]act{actRecv, actRecv, actRecv, actRecv}, all)
	}
	return all
}
