package faults

import (
	"cmp"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Fault is a row: one rule, and how it is broken.
type Fault struct {
	Name   string
	Inject func(p *Peer, turn int) // on a connection that passed its handshake; turn counts from 0
	Turns  int                     // how often, each time on a connection of its own: they may differ

	Serializer string // class name; empty: MessagePackSerializer

	// Ends is a part of the error that the connection must end with: one for each turn, or one for all. None: the peer is allowed to do this, and
	// the connection goes on.
	Ends []string

	// Closes says that Inject closes the connection, which is what ends it.
	Closes bool
}

// Says is a part of the error that the connection must end with at a turn; empty: it goes on, or is closed.
func (f *Fault) Says(turn int) string {
	switch len(f.Ends) {
	case 0:
		return ""
	case 1:
		return f.Ends[0]
	}
	return f.Ends[turn]
}

// Survives reports whether the connection goes on.
func (f *Fault) Survives() bool { return len(f.Ends) == 0 && !f.Closes }

// All are the rows, for connections with these limits. Random ones draw from the seed, and their turn.
func All(limits wire.Limits, seed uint64) []Fault {
	var all []Fault
	for _, part := range [][]Fault{
		lengths(limits), envelopes(), values(limits), oddities(limits), kinds(), calls(), tooManyCalls(limits), streams(limits), fullStreams(limits),
		notices(), lines(limits), floods(), cuts(seed),
	} {
		all = append(all, part...)
	}
	for i := range all {
		all[i].Turns = max(all[i].Turns, len(all[i].Ends), 1)
		all[i].Serializer = cmp.Or(all[i].Serializer, "MessagePackSerializer")
	}
	return all
}

// Named is the row of a name; nil: there is none.
func Named(all []Fault, name string) *Fault {
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

// Inject plays a row's turn. If the connection is to go on it proves that, and returns true; else it waits for the other side to end it.
func Inject(f *Fault, p *Peer, turn int) (survived bool) {
	defer untilGone()
	f.Inject(p, turn)
	if f.Survives() {
		p.Alive()
		return true
	}
	p.awaitEnd()
	return false
}
