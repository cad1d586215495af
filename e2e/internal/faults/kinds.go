package faults

import (
	"fmt"
	"math"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// The txs of frames that belong to nothing, or to something else: not known, 0, the largest, of a plain call that is handled at the other side,
// and of one that the other side has made.
const (
	unknownTx = iota
	zeroTx
	largestTx
	handledTx
	madeTx
	txs
)

// A stray is a frame with a tx that it should not have.
type stray struct {
	kind  wire.Kind
	which int
}

// kinds are frames of every kind with every bad tx: those that end the connection, each on one of its own, and those that do not, all on one.
func kinds() []Fault {
	var ending, allowed []stray
	var ends []string
	for kind := range 80 {
		for which := range txs {
			s := stray{wire.Kind(kind), which}
			rule := s.rule()
			switch {
			case s.kind == wire.Goodbye, s.kind == wire.Notice && which == madeTx: // ends more than a frame; may have the right number
			case rule == "":
				allowed = append(allowed, s)
			case s.kind.Known() || which == unknownTx:
				ending, ends = append(ending, s), append(ends, rule)
			}
		}
	}
	return []Fault{
		{Name: "a kind that there is not, and every kind with a tx that breaks a rule", Ends: ends, Inject: func(p *Peer, turn int) { ending[turn].send(p) }},
		{Name: "every other kind with every other bad tx", Inject: func(p *Peer, _ int) {
			for _, s := range allowed {
				s.send(p)
			}
		}},
	}
}

// send sends it, after the calls were made that it is about.
func (s stray) send(p *Peer) {
	p.tx += 10
	var tx wire.Tx
	switch s.which {
	case unknownTx:
		tx.N = p.tx + 5
	case largestTx:
		tx.N = math.MaxUint64 - p.tx // none is used twice
	case handledTx:
		tx = p.call(string(Wait), wire.Meta{}, nil)
	case madeTx:
		tx = p.provoke(plain).Tx
	}
	f := wire.Frame{Kind: s.kind, Tx: tx, Meta: wire.Meta{Items: 1, Bytes: 1}}
	if s.kind == wire.Request {
		f.Type, f.Meta = string(Wait), wire.Meta{}
	}
	p.Send(f, nil)
	p.release(s, tx)
}

// release ends what was begun for a stray that is allowed, so that the next ones find room.
func (p *Peer) release(s stray, tx wire.Tx) {
	switch {
	case s.rule() != "":
	case s.kind == wire.Request && s.which != madeTx, s.which == handledTx && s.kind != wire.Cancel:
		p.Send(wire.Frame{Kind: wire.Cancel, Tx: tx}, nil)
	case s.which == madeTx:
		p.Send(wire.Frame{Kind: wire.Result, Tx: tx}, nil)
		p.Send(wire.Frame{Kind: wire.Cancel, Tx: tx}, nil)
	}
}

// rule is what the error says that the frame ends the connection with; empty: it does not.
func (s stray) rule() string {
	const noStream = "which does not have such a stream"
	switch s.kind {
	case wire.Request:
		return map[int]string{zeroTx: "without a tx", handledTx: "which is still being handled"}[s.which]
	case wire.Upload, wire.UploadEnd:
		return map[int]string{handledTx: noStream}[s.which]
	case wire.Credit:
		return map[int]string{zeroTx: "1 notices acknowledged, more than are open", handledTx: noStream}[s.which]
	case wire.Item, wire.End, wire.UploadCredit:
		return map[int]string{madeTx: noStream}[s.which]
	case wire.Notice:
		return "where number 1 was due"
	case wire.Cancel, wire.Result, wire.Error, wire.Progress, wire.Ping, wire.Pong, wire.Goodbye:
		return ""
	}
	if s.kind >= wire.FirstIgnorable {
		return ""
	}
	return fmt.Sprintf("a frame of kind kind%d (%d), which this side does not take", s.kind, s.kind)
}
