package main

// A fate is what became of one message: who sent it, and what its caller got.
type fate byte

const (
	answeredAdd fate = 1 + iota // an add that was answered
	perhapsAdd                  // an add that was lost, perhaps after it ran
	sentTell                    // a notice that was sent
)

const outcomes = 3 // bits of a fate that say what; those above are the caller

func fateOf(what fate, caller int) fate { return what | fate(caller)<<outcomes }

func (f fate) what() fate  { return f & (1<<outcomes - 1) }
func (f fate) caller() int { return int(f >> outcomes) }

// A ledger has the fate of each message, by its number: a byte for each, so that it weighs little beside the host that it shares a heap with. The fate of
// what is none of an add or a notice, or was certainly not delivered, is 0.
type ledger struct{ pages [][]fate }

const page = 1 << 20

func (l *ledger) note(id uint64, f fate) {
	for uint64(len(l.pages))*page <= id {
		l.pages = append(l.pages, make([]fate, page))
	}
	l.pages[id/page][id%page] = f
}

func (l *ledger) of(id uint64) fate {
	if n := id / page; n < uint64(len(l.pages)) {
		return l.pages[n][id%page]
	}
	return 0
}

func (l *ledger) end() uint64 { return uint64(len(l.pages)) * page }

// A record is what one process of a plugin has written down, in its order.
type record struct {
	mode  string
	adds  []uint64
	tells []uint64
}

// A finding is what the records of one plugin say of what its callers got.
type finding struct {
	twice, vanished, phantom                                  int // adds
	noticesLost, noticesTwice, noticesPhantom, gaps, disorder int
	count                                                     int64 // what its count must be in the end, if it keeps one
}

// tallies reports whether a host counted exactly the notices that were lost, and besides at most so many that a process had handled last and did not
// live to acknowledge.
func (f *finding) tallies(counted, last int) bool {
	handled := counted - f.noticesLost
	return handled >= 0 && handled <= last
}

// audit compares what the processes of a plugin have run with what those of its callers got. Where linear, one process ended before the next began, so that
// what is lost of one caller's notices is lost behind the last that a process handled, and never before it.
func (l *ledger) audit(processes []record, callers map[int]bool, linear bool) (f finding) {
	l.auditAdds(&f, processes, callers)
	where := l.auditTells(&f, processes)
	for caller := range callers {
		l.auditCaller(&f, caller, where, linear)
	}
	return f
}

func (l *ledger) auditAdds(f *finding, processes []record, callers map[int]bool) {
	ran := make([]byte, l.end())
	for _, p := range processes {
		for _, id := range p.adds {
			if id >= l.end() || l.of(id).what() != answeredAdd && l.of(id).what() != perhapsAdd {
				f.phantom++ // it ran, and its caller was told that it was never sent
				continue
			}
			if ran[id]++; ran[id] == 2 {
				f.twice++
			}
		}
		if p.mode != crashesLater { // what that knew is lost, by reload.rollback
			f.count += int64(len(p.adds))
		}
	}
	for id := range l.end() {
		if e := l.of(id); e.what() == answeredAdd && callers[e.caller()] && ran[id] == 0 {
			f.vanished++
		}
	}
}

// auditTells returns in which process each notice was handled, counted from 1.
func (l *ledger) auditTells(f *finding, processes []record) []int32 {
	where := make([]int32, l.end())
	for n, p := range processes {
		latest := map[int]uint64{}
		for _, id := range p.tells {
			e := l.of(id)
			switch {
			case e.what() != sentTell:
				f.noticesPhantom++
				continue
			case where[id] != 0:
				f.noticesTwice++
			case id < latest[e.caller()]:
				f.disorder++
			}
			where[id], latest[e.caller()] = int32(n+1), id
		}
	}
	return where
}

// auditCaller looks for the notices of one caller that nobody handled.
func (l *ledger) auditCaller(f *finding, caller int, where []int32, linear bool) {
	lost, before := 0, int32(0)
	for id := range l.end() {
		if l.of(id) != fateOf(sentTell, caller) {
			continue
		}
		if where[id] == 0 {
			f.noticesLost++
			lost++
			continue
		}
		if linear && lost > 0 && where[id] == before {
			f.gaps += lost
		}
		lost, before = 0, where[id]
	}
}
