package rpc_test

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// What the programs of a modelled connection are told to do, one after the other.
type act string

const (
	actSend      act = "send"
	actRecv      act = "recv"
	actReport    act = "report"    // handlers
	actReturn    act = "return"    // handlers
	actFail      act = "fail"      // handlers
	actPanic     act = "panic"     // handlers
	actGoexit    act = "goexit"    // handlers
	actCloseSend act = "closeSend" // callers
	actResult    act = "result"    // callers
	actLeave     act = "leave"     // callers
)

// The limits of the modelled end, and what its handlers answer.
const (
	modelCalls   = 2 // each way, of either sort
	modelItems   = 3
	modelBytes   = 60
	modelReply   = 7
	modelHighest = 1<<53 - 1
)

// protocolModel is what docs/protocol.md says under Kinds, Streams, Credit and Progress, as a program that shares nothing with the one it judges.
// Of each step it says which frames leave the modelled end, whether that ends the connection, and what its programs see.
type protocolModel struct {
	served map[uint64]*modelServed // the peer's calls that are not answered
	made   map[uint64]*modelMade   // the end's own calls, those that are over too
	out    map[string][]string     // frames that leave in this step, by call
	size   func(f wire.Frame, payload any) int64

	dead     bool // the connection is over
	broken   bool // because the peer broke a rule
	requests int  // of the peer, that must be observed
	dropped  int  // answers to calls that were not pending
}

func newProtocolModel(size func(wire.Frame, any) int64) *protocolModel {
	return &protocolModel{served: map[uint64]*modelServed{}, made: map[uint64]*modelMade{}, out: map[string][]string{}, size: size}
}

// leaves notes a frame that must come out.
func (m *protocolModel) leaves(k wire.Kind, tx uint64, text string, args ...any) {
	call := callOf(k, tx)
	m.out[call] = append(m.out[call], fmt.Sprintf(text, args...))
}

// callOf names the call that a frame of the modelled end belongs to: its own or its peer's.
func callOf(k wire.Kind, tx uint64) string {
	switch {
	case k < 16:
		return fmt.Sprint("own ", tx)
	case k < 32:
		return fmt.Sprint("peer's ", tx)
	}
	return "none"
}

// A modelCredit is how much may be sent.
type modelCredit struct{ items, bytes int64 }

func (c *modelCredit) open() bool { return c.items > 0 && c.bytes > 0 }

func (c *modelCredit) spend(size int64) { c.items, c.bytes = c.items-1, c.bytes-size }

// give adds credit; false: it makes more than there may be. Bytes may be owed before.
func (c *modelCredit) give(items, bytes uint64) bool {
	if items > 1<<62 || bytes > 1<<62 {
		return false
	}
	c.items, c.bytes = c.items+int64(items), c.bytes+int64(bytes)
	return c.items <= modelHighest && c.bytes <= modelHighest
}

// A modelItem is one that has arrived.
type modelItem struct {
	text string // what the program sees
	size int64
}

// A modelInlet is a stream that the modelled end receives.
type modelInlet struct {
	left, taken modelCredit // what the sender may send; what the program has taken, and is not given back
	queue       []modelItem
	ended       bool
}

// arrive enters an item; false: it breaks a rule.
func (i *modelInlet) arrive(item modelItem) bool {
	if i.ended || !i.left.open() {
		return false
	}
	i.left.spend(item.size)
	i.queue = append(i.queue, item)
	return true
}

// take hands the oldest item to the program, and returns the credit that is given back for it, if half of a window is due.
func (i *modelInlet) take(over bool) (text string, back modelCredit) {
	item := i.queue[0]
	i.queue = i.queue[1:]
	i.taken.items, i.taken.bytes = i.taken.items+1, i.taken.bytes+item.size
	if !over && !i.ended && (2*i.taken.items >= modelItems || 2*i.taken.bytes >= modelBytes) {
		back, i.taken = i.taken, modelCredit{}
		i.left.items, i.left.bytes = i.left.items+back.items, i.left.bytes+back.bytes
	}
	return item.text, back
}

// A modelServed is a call of the peer.
type modelServed struct {
	tx       uint64
	streams  bool
	up       *modelInlet
	down     *modelCredit
	acts     []act // that it was told and has not done
	log      []string
	sent     int      // items
	ended    rpc.Code // what ended the handler's context; empty: nothing
	timed    bool     // it has a deadline
	stopped  bool     // the iterator has yielded its last
	news     bool     // the caller wants progress
	reports  int
	lastNews int // the latest report of this step; 0: none
	answered bool
}

// A modelMade is a call of the modelled end.
type modelMade struct {
	tx     uint64
	kind   rpc.Kind // empty: a plain call
	down   *modelInlet
	up     *modelCredit
	acts   []act // that its program was told and has not done
	log    []string
	sent   int
	timed  bool
	news   bool
	report string // waits to be handed over; empty: none
	shut   bool   // uploadEnd was sent
	left   bool   // the program has ended
	over   bool
	owed   bool   // it was left, and its answer is still to come
	end    string // what the program's Result sees then
	after  string // the same, of Send and Recv
}

// dies notes that the connection ends, and what that does to every call.
func (m *protocolModel) dies(broken bool) {
	m.dead, m.broken = true, broken
	for _, c := range m.made {
		if !c.over {
			m.settle(c, string(rpc.Unavailable), string(rpc.Unavailable))
		}
	}
	for _, c := range m.served {
		m.endContext(c, rpc.Canceled)
	}
}

// passTime has every deadline pass.
func (m *protocolModel) passTime() {
	for _, c := range m.served {
		if c.timed {
			m.endContext(c, rpc.Timeout)
		}
	}
	for _, c := range m.made {
		if c.timed {
			m.giveUp(c, rpc.Timeout)
		}
	}
}
