package faults

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// calls are wrong requests and answers.
func calls() []Fault {
	return []Fault{
		{Name: "a result twice", Inject: func(p *Peer, _ int) {
			for range 100 {
				tx := p.provoke(plain).Tx
				p.Send(wire.Frame{Kind: wire.Result, Tx: tx}, "first")
				p.Send(wire.Frame{Kind: wire.Result, Tx: tx}, "second")
				p.Send(wire.Frame{Kind: wire.Error, Tx: tx}, "third")
			}
		}},
		{Name: "results for calls that nobody has made", Inject: func(p *Peer, _ int) {
			for n := range uint64(1000) {
				p.Send(wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1<<40 + n}}, n)
				p.Send(wire.Frame{Kind: wire.Result, Tx: wire.Tx{S: fmt.Sprint(n)}}, n)
			}
		}},
		{Name: "results for calls of another connection", Inject: func(p *Peer, _ int) {
			for n := range uint64(1000) {
				p.Send(wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: n + 1}}, map[string]int64{"value": -1})
			}
		}},
		{Name: "errors that are no error records", Inject: func(p *Peer, _ int) {
			for _, payload := range []any{nil, 7, "text", []int{1}, map[string]any{"code": 7, "message": []string{"no"}, "cause": "why"}, causes(100)} {
				p.Send(wire.Frame{Kind: wire.Error, Tx: p.provoke(plain).Tx}, payload)
				p.await(wire.Error)
			}
		}},
		{Name: "results that are not what was asked for", Inject: func(p *Peer, _ int) {
			for _, claim := range claims {
				b := append([]byte{0x95, byte(wire.Result), byte(p.provoke(plain).Tx.N)}, 0xa0, 0xc0)
				p.Write(raw(append(b, claim...)...))
				p.await(wire.Error)
			}
		}},
	}
}

// tooManyCalls are calls at their limits, and beyond.
func tooManyCalls(l wire.Limits) []Fault {
	tooMany := fmt.Sprintf("%d calls in flight, four times the limit of %d (limits.inflight)", 4*l.Inflight, l.Inflight)
	return []Fault{
		{Name: "ever more calls, and no answer is read", Ends: []string{tooMany}, Inject: func(p *Peer, _ int) {
			for {
				p.call(string(Echo), wire.Meta{}, make([]byte, l.Frame-100))
			}
		}},
		{Name: "more calls than may be under way", Ends: []string{tooMany}, Inject: func(p *Peer, _ int) {
			big := make([]byte, l.Frame-100)
			for range 1000 {
				p.call(string(Wait), wire.Meta{}, big)
			}
			for { // those beyond the limit are answered: until the other side cannot write
				p.call(string(Wait), wire.Meta{Headers: map[string]string{"h": string(big[:1000])}}, nil)
			}
		}},
		{Name: "as many calls as may be under way, each as large as a frame", Closes: true, Inject: func(p *Peer, _ int) {
			for range l.Inflight {
				p.call(string(Wait), wire.Meta{}, make([]byte, l.Frame-100))
			}
			pause()
			p.close()
		}},
		{Name: "cancels for everything", Inject: func(p *Peer, _ int) {
			for n := range uint64(1000) {
				p.Send(wire.Frame{Kind: wire.Cancel, Tx: wire.Tx{N: n}}, nil)
				tx := p.call(string(Wait), wire.Meta{}, nil)
				p.Send(wire.Frame{Kind: wire.Cancel, Tx: tx}, nil)
				p.Send(wire.Frame{Kind: wire.Cancel, Tx: tx}, nil)
				p.await(wire.Error)
			}
		}},
	}
}

// causes is an error record with so many causes, one in another: more than are read.
func causes(n int) any {
	var e map[string]any
	for range n {
		e = map[string]any{"code": "Internal", "message": "m", "cause": e}
	}
	return e
}

// notices are those that break their order or their window.
func notices() []Fault {
	note := func(n uint64, name string) wire.Frame {
		return wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: n}, Type: name}
	}
	return []Fault{
		{Name: "a notice twice", Ends: []string{"notice 1 where number 2 was due"}, Inject: func(p *Peer, _ int) {
			p.Send(note(1, string(Note)), nil)
			p.Send(note(1, string(Note)), nil)
		}},
		{Name: "a notice whose number is text", Ends: []string{"notice 1 where number 1 was due"}, Inject: func(p *Peer, _ int) {
			p.Send(wire.Frame{Kind: wire.Notice, Tx: wire.Tx{S: "1"}, Type: string(Note)}, nil)
		}},
		{Name: "notices beyond the window", Ends: []string{"with 1024 of 1024, and"}, Inject: func(p *Peer, _ int) {
			for n := range uint64(2000) {
				p.Send(note(n+1, string(Slow)), nil)
			}
		}},
		{Name: "notices beyond the window of bytes", Ends: []string{"of 16777216 bytes, unacknowledged"}, Inject: func(p *Peer, _ int) {
			big := make([]byte, p.Limits.Frame-100)
			for n := range uint64(2000) {
				p.Send(note(n+1, string(Slow)), big)
			}
		}},
		{Name: "an acknowledgement of notices that were not sent", Ends: []string{"notices acknowledged, more than are open"}, Inject: func(p *Peer, _ int) {
			p.noticed()
			p.Send(wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 1<<64 - 1}}, nil)
		}},
		{Name: "notices that nobody handles, or whose payload cannot be read", Inject: func(p *Peer, _ int) {
			for n := range uint64(100) {
				p.Send(note(n+1, []string{"nobody", string(Echo), "hotplug.start"}[n%3]), nil)
			}
		}},
	}
}

// noticed has the other side send a notice, and leaves it open.
func (p *Peer) noticed() {
	p.call(string(Order), wire.Meta{}, notice)
	p.await(wire.Notice)
}
