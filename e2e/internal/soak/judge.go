package main

import (
	"errors"
	"fmt"

	"github.com/go-hotplug/hotplug/rpc"
)

// The plugins, by what is done to them.
const (
	good   = "good"   // good versions and configurations only: nothing may fail
	keeper = "keeper" // the same, and it keeps state: nothing of that may be lost
	bad    = "bad"    // bad versions of every kind, which are refused or rolled back
	killed = "killed" // SIGKILL, SIGSTOP and SIGCONT
)

var plugins = []string{good, keeper, bad, killed}

// A verdict is what a call's end means.
type verdict string

const (
	fine      verdict = "fine"
	explained verdict = "explained" // by a bad version or a kill: it was delivered, perhaps, and the error says so
	violation verdict = "violation"
)

// judge says what the end of a call means, and why, if it is a violation. Notices are judged by what ran.
func judge(plugin string, err error) (verdict, string) {
	switch {
	case err == nil:
		return fine, ""
	case plugin == good || plugin == keeper:
		return violation, fmt.Sprintf("%s, which only ever gets good versions: %v", plugin, err)
	case !errors.Is(err, rpc.Unavailable):
		return violation, fmt.Sprintf("%s: %s, where a lost call is Unavailable: %v", plugin, rpc.CodeOf(err), err)
	case rpc.Delivered(err) != rpc.PerhapsDelivered:
		return violation, fmt.Sprintf("%s: a call that was not delivered was not tried again: %v", plugin, err)
	}
	return explained, ""
}

// A ledger is what one plugin's callers did and got.
type ledger struct {
	added   map[uint64]bool // adds that were answered; false: that were lost, perhaps
	told    []uint64        // notices that were sent without an error, in the order of each caller
	unsaid  map[uint64]bool // notices whose sending failed, delivered: not
	callers map[uint64]int  // by notice: who sent it
}

func newLedger() *ledger {
	return &ledger{added: map[uint64]bool{}, unsaid: map[uint64]bool{}, callers: map[uint64]int{}}
}

// A finding is what the plugins' own records say of a ledger.
type finding struct {
	twice, lost, phantom, noticesLost, noticesTwice, disorder int
}

// audit compares what ran, in the order in which each process wrote it down, with what callers got.
func (l *ledger) audit(adds []uint64, tells [][]uint64) (f finding) {
	ran := map[uint64]int{}
	for _, id := range adds {
		ran[id]++
	}
	for id, n := range ran {
		if n > 1 {
			f.twice++
		}
		if _, known := l.added[id]; !known {
			f.phantom++ // it ran, and its caller was told that it was never sent
		}
	}
	for id, answered := range l.added {
		if answered && ran[id] == 0 {
			f.lost++
		}
	}
	heard := map[uint64]int{}
	for _, process := range tells {
		last := map[int]uint64{}
		for _, id := range process {
			heard[id]++
			if by := l.callers[id]; id < last[by] {
				f.disorder++
			} else {
				last[by] = id
			}
		}
	}
	for _, id := range l.told {
		switch heard[id] {
		case 0:
			f.noticesLost++
		case 1:
		default:
			f.noticesTwice++
		}
	}
	return f
}
