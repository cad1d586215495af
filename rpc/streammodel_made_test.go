package rpc_test

import (
	"slices"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// call is a call that the modelled end makes.
func (m *protocolModel) call(kind rpc.Kind, timed, news bool) *modelMade {
	c := &modelMade{tx: uint64(len(m.made) + 1), kind: kind, timed: timed, news: news}
	items, bytes := 0, 0
	if kind == rpc.KindStream || kind == rpc.KindDuplex {
		items, bytes = modelItems, modelBytes
		c.down = &modelInlet{left: modelCredit{modelItems, modelBytes}}
	}
	if kind == rpc.KindUpload || kind == rpc.KindDuplex {
		c.up = &modelCredit{}
	}
	m.made[c.tx] = c
	m.leaves(wire.Request, c.tx, "request %s %d %d %v", kind, items, bytes, news)
	return c
}

// mayCall reports whether a call of this sort needs not wait for another.
func (m *protocolModel) mayCall(streams bool) bool {
	same := 0
	for _, c := range m.made {
		if (!c.over || c.owed) && (c.kind != "") == streams {
			same++
		}
	}
	return same < modelCalls
}

// fromCallee is a frame that the peer sends as the callee of tx. text is what a program sees of its payload.
func (m *protocolModel) fromCallee(f *wire.Frame, text string, size int64) {
	c := m.made[f.Tx.N]
	if c == nil || c.over {
		if f.Kind == wire.Result || f.Kind == wire.Error || f.Kind == wire.End {
			m.dropped++
			if c != nil {
				c.owed = false
			}
		}
		return
	}
	if !m.fits(c, f, text, size) {
		m.dies(true)
		return
	}
	m.runCaller(c)
}

// fits takes a frame for a call that is not over; false: it breaks a rule.
func (m *protocolModel) fits(c *modelMade, f *wire.Frame, text string, size int64) bool {
	switch f.Kind {
	case wire.Result:
		if c.down != nil {
			return false
		}
		m.settle(c, text, "eof")
	case wire.End:
		if c.down == nil {
			return false
		}
		m.settle(c, "eof", "eof")
	case wire.Error:
		m.settle(c, text, text)
	case wire.Item:
		return c.down != nil && c.down.arrive(modelItem{text, size})
	case wire.UploadCredit:
		return c.up != nil && c.up.give(f.Meta.Items, f.Meta.Bytes)
	case wire.Progress:
		if c.news {
			c.report = text
		}
	}
	return true
}

// settle ends a call: its program sees end, or after where it sends or receives.
func (m *protocolModel) settle(c *modelMade, end, after string) {
	c.over, c.end, c.after = true, end, after
	m.runCaller(c)
}

// giveUp ends a call from the caller's side, if it is not over.
func (m *protocolModel) giveUp(c *modelMade, why rpc.Code) {
	if c.over {
		return
	}
	m.leaves(wire.Cancel, c.tx, "cancel")
	c.owed = true
	if c.down != nil {
		c.down.queue = nil
	}
	m.settle(c, string(why), string(why))
}

// runCaller has a program go on until it waits.
func (m *protocolModel) runCaller(c *modelMade) {
	if c.kind == "" {
		m.handOver(c)
		if c.over && !c.left {
			c.left = true
			c.log = append(c.log, c.end)
		}
		return
	}
	for !c.left && len(c.acts) > 0 {
		if !m.callerDoes(c, c.acts[0]) {
			m.handOver(c)
			return
		}
		c.acts = c.acts[1:]
	}
}

// handOver hands the latest report to a program that waits.
func (m *protocolModel) handOver(c *modelMade) {
	if c.report != "" {
		c.log = append(c.log, c.report)
		c.report = ""
	}
}

// callerDoes reports whether the program could do what it was told; false: it waits.
func (m *protocolModel) callerDoes(c *modelMade, a act) bool {
	switch a {
	case actSend:
		return m.callerSends(c)
	case actRecv:
		return m.callerReceives(c)
	case actCloseSend:
		if !c.over && !c.shut {
			m.leaves(wire.UploadEnd, c.tx, "uploadEnd")
			c.shut = true
		}
		c.log = append(c.log, "closed")
	case actResult:
		if !c.over {
			return false
		}
		m.handOver(c)
		c.log = append(c.log, c.end)
		if c.end == "got 5" { // it is decoded once
			c.end = "got 0"
		}
	case actLeave:
		c.left = true
		m.giveUp(c, rpc.Canceled)
	}
	return true
}

func (m *protocolModel) callerSends(c *modelMade) bool {
	text := "sent"
	switch {
	case c.over:
		text = c.after
	case c.shut:
		text = string(rpc.Invalid)
	case c.up.open():
		c.up.spend(m.size(wire.Frame{Kind: wire.Upload, Tx: wire.Tx{N: c.tx}}, c.sent))
		m.leaves(wire.Upload, c.tx, "upload %d", c.sent)
		c.sent++
	default:
		return false
	}
	c.log = append(c.log, text)
	return true
}

func (m *protocolModel) callerReceives(c *modelMade) bool {
	m.handOver(c)
	switch {
	case len(c.down.queue) > 0:
		text, back := c.down.take(c.over)
		c.log = append(c.log, text)
		if back != (modelCredit{}) {
			m.leaves(wire.Credit, c.tx, "credit %d %d", back.items, back.bytes)
		}
	case c.over:
		c.log = append(c.log, c.after)
	default:
		return false
	}
	return true
}

// tellCaller has a program do one thing more.
func (m *protocolModel) tellCaller(c *modelMade, a act) {
	c.acts = append(c.acts, a)
	m.runCaller(c)
}

// canDo are what this program can be told.
func (c *modelMade) canDo() []act {
	all := []act{actLeave}
	if c.kind == rpc.KindUpload {
		all = append(all, actResult)
	}
	if c.down != nil {
		all = slices.Concat([]act{actRecv, actRecv, actRecv, actRecv}, all)
	}
	if c.up != nil {
		all = slices.Concat([]act{actSend, actSend, actSend, actSend, actCloseSend}, all)
	}
	return all
}
