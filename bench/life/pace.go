package life

import (
	"context"
	"sync"
	"time"
)

// A pace is how often callers call.
type pace struct {
	callers int
	every   time.Duration // between two calls of one caller
}

// A spell is what callers had of a while.
type spell struct {
	calls, failed int
	stall         time.Duration // the longest that one of them was without an answer
	err           error         // of one call that failed
}

// during has all callers call for d, and returns when their last calls have ended. A call that is late is followed by the next at once, until the
// caller is on time again.
func (p pace) during(ctx context.Context, d time.Duration, call func(context.Context) error) spell {
	spells := make([]spell, p.callers)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range spells {
		all.Go(func() {
			first := begin.Add(p.every * time.Duration(i) / time.Duration(p.callers))
			spells[i] = p.one(ctx, first, begin.Add(d), call)
		})
	}
	all.Wait()
	var sum spell
	for _, s := range spells {
		sum.calls += s.calls
		sum.failed += s.failed
		sum.stall = max(sum.stall, s.stall)
		if s.err != nil {
			sum.err = s.err
		}
	}
	return sum
}

// one is one caller. A stall goes from the beginning of the first call that is not answered to the end of the first that is.
func (p pace) one(ctx context.Context, due, end time.Time, call func(context.Context) error) (s spell) {
	var waiting time.Time // since when it has no answer; zero if it has
	for ; due.Before(end) && ctx.Err() == nil; due = due.Add(p.every) {
		time.Sleep(time.Until(due))
		if waiting.IsZero() {
			waiting = time.Now()
		}
		s.calls++
		err := call(ctx)
		s.stall = max(s.stall, time.Since(waiting))
		if err != nil {
			s.failed++
			s.err = err
			continue
		}
		waiting = time.Time{}
	}
	return s
}
