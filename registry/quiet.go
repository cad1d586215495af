package registry

import "time"

// place is where a candidate lies: an item of a folder of the search path.
type place struct {
	folder int // its number on the search path
	item   string
}

// quiet decides which places have been left alone for long enough after a change. It reads neither files nor clocks.
type quiet struct {
	period time.Duration // how long a place must have been the same
	longer time.Duration // the same where nobody can tell whether a file is being written
	places map[place]*stay
	// writing is as in means.
	writing func(*Candidate) (writers, string)
}

// stay is what is known of one place.
type stay struct {
	settled *Candidate // what was handed over; nil: nothing
	latest  *Candidate // what was seen last; nil: nothing
	since   time.Time  // when latest was first seen like that
	moved   time.Time  // when it was first seen to differ from settled; zero: it does not
	name    string     // of the last plugin here whose manifest could be read
	open    string     // a file that is being written; empty if none is, or nobody can tell
	told    bool       // that it does not come to rest
}

// writers is whether somebody has a file open for writing.
type writers int

const (
	nobodyWrites writers = iota
	somebodyWrites
	nobodyKnows
)

// adopt takes the first look as it is, but for what is other than what is known already, by the path of its item. Nil: nothing is known.
func (q *quiet) adopt(now time.Time, seen map[place]*Candidate, known map[string]*Candidate) {
	q.places = map[place]*stay{}
	for p, c := range seen {
		s := &stay{latest: c, since: now}
		q.places[p] = s
		if before := known[p.item]; known == nil || p.folder == alsoFolder || markOf(before) == markOf(c) {
			s.settle()
		} else {
			s.settled, s.moved = before, now
		}
	}
}

// look takes a further look. It reports whether a place that had moved has settled in another state, and after how long to
// look again because one has not; 0 if none waits.
func (q *quiet) look(now time.Time, seen map[place]*Candidate) (settled bool, again time.Duration) {
	for p := range seen {
		if q.places[p] == nil {
			q.places[p] = &stay{since: now}
		}
	}
	for p, s := range q.places {
		s.see(now, seen[p])
		if s.moved.IsZero() {
			continue
		}
		wait := q.wait(now, s)
		if wait > 0 {
			again = sooner(again, wait)
			continue
		}
		s.settle()
		settled = true
		if s.settled == nil {
			delete(q.places, p)
		}
	}
	return settled, again
}

// see takes in what a place is like now.
func (s *stay) see(now time.Time, c *Candidate) {
	if markOf(c) != markOf(s.latest) {
		s.since = now
	}
	s.latest = c
	if markOf(c) == markOf(s.settled) {
		s.moved, s.open, s.told = time.Time{}, "", false
	} else if s.moved.IsZero() {
		s.moved = now
	}
}

// settle makes what was seen last what is handed over.
func (s *stay) settle() {
	s.settled, s.moved, s.open, s.told = s.latest, time.Time{}, "", false
	if s.latest != nil && s.latest.Manifest != nil {
		s.name = s.latest.Name
	}
}

// longestWait is the longest time between two questions whether a file is still being written.
const longestWait = 2 * time.Second

// wait is how long a place that moved has to wait still; 0: no longer.
func (q *quiet) wait(now time.Time, s *stay) time.Duration {
	alone := now.Sub(s.since)
	if alone < q.period {
		return q.period - alone
	}
	if s.latest == nil {
		return 0
	}
	state, file := q.writing(s.latest)
	s.open = file
	switch state {
	case somebodyWrites:
		return max(q.period, min(alone/2, longestWait))
	case nobodyKnows:
		return max(0, q.longer-alone)
	}
	return 0
}

// restless are the places that moved at least so long ago and have not settled since, each once.
func (q *quiet) restless(now time.Time, long time.Duration) (out []*stay) {
	for _, s := range q.places {
		if !s.moved.IsZero() && !s.told && now.Sub(s.moved) >= long {
			s.told = true
			out = append(out, s)
		}
	}
	return out
}

func markOf(c *Candidate) string {
	if c == nil {
		return ""
	}
	return c.ground.mark
}

// sooner is the shorter of two times, of which 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
