package rpc

import (
	"sync/atomic"
	"time"
)

// While nothing else is under way, requests are handled by the goroutine that read them, which keeps the turn to read meanwhile: waking another goroutine, and
// with it a thread, would cost more than most handlers do. Their answers are written together. Nobody needs to wait for such a handler all the same. Whoever makes
// a call takes the turn away, and so does a timer from a handler that is not over in time; it has another goroutine read on. What is not handled or not written
// then is left to others, and so it is when the handlers have taken long enough to be worth another goroutine.

const (
	// tick is how often is looked for a handler that takes long: it keeps others from being read for twice that time at the most.
	tick = 500 * time.Microsecond

	// brief is how long the handlers of requests that were read together may take before what is left of them goes to others.
	brief = 50 * time.Microsecond

	// wary is how long, after such a handler, another goroutine reads on before the next ones begin.
	wary = 100 * time.Millisecond
)

// A stint is the time of one goroutine as the one that reads while no call does.
type stint struct {
	state   atomic.Uint32
	handled atomic.Uint64 // how many handlers it has begun
}

const (
	reading  = iota // or waiting for the turn
	handling        // with the turn, which anybody may take
	robbed          // handling, and a call has taken the turn: another goroutine may follow
	followed        // another goroutine reads: this one ends with its handler
)

// pace looks after handlers that have the turn.
type pace struct {
	timer *time.Timer  // calls check
	armed atomic.Bool  // the timer runs; who sets it sets the timer
	until atomic.Int64 // no handler has the turn before that, in nanoseconds of the Unix time

	// Of check: what it saw last.
	stint   *stint
	handled uint64
}

// staysHere reports whether a request, the first of those that are read together, is to be handled with the turn.
func (t *turns) staysHere(in *inbound) bool {
	until := t.pace.until.Load()
	return in.alone && (until == 0 || time.Now().UnixNano() > until)
}

// handleHere runs the handlers of the n requests that are kept, and reports whether the turn is still there. The goroutine is none of those that closing
// waits for.
func (t *turns) handleHere(me *stint, n int) (mine bool) {
	if n > 1 {
		t.c.out.hold()
	}
	me.handled.Add(1)
	me.state.Store(handling)
	t.pace.arm()
	returned := false
	defer func() {
		if returned {
			return
		}
		t.letOthers() // the handler has ended the goroutine
		mine := me.state.CompareAndSwap(handling, followed)
		if mine || me.state.CompareAndSwap(robbed, followed) {
			t.follow(mine)
		}
	}()
	t.handleKept(me, n)
	returned = true
	if n > 1 {
		t.c.out.resume()
	}
	return me.state.CompareAndSwap(handling, reading) && t.c.rejoin()
}

// handleKept runs the handlers of n requests, or as many as there is time for: reading goes on then. It counts each but the first.
func (t *turns) handleKept(me *stint, n int) {
	began := clock()
	for in := t.c.crew.take(false); in != nil; me.handled.Add(1) {
		in.handle()
		if n > 1 && clock()-began > brief {
			t.letOthers()
			return
		}
		in = t.c.crew.take(false)
	}
}

// letOthers leaves to others what is kept and held.
func (t *turns) letOthers() {
	t.c.crew.release()
	t.c.out.resume()
}

// resumes reports whether a goroutine that has lost the turn to a call is the one that reads when no call does, still.
func (t *turns) resumes(me *stint) bool {
	return me.state.CompareAndSwap(robbed, reading) && t.c.rejoin()
}

// takeFromHandler takes the turn of a handler, if one has it.
func (t *turns) takeFromHandler() bool {
	s := t.stint.Load()
	if s == nil || !s.state.CompareAndSwap(handling, robbed) {
		return false
	}
	t.letOthers()
	return true
}

// follow has another goroutine read on.
func (t *turns) follow(mine bool) {
	if t.c.rejoin() {
		go t.run(mine)
	}
}

// arm has check look after a while.
func (p *pace) arm() {
	if p.armed.Load() || !p.armed.CompareAndSwap(false, true) {
		return
	}
	p.timer.Reset(tick)
}

// check has another goroutine read on, if the same handler is running as the last time. It looks again while there are handlers.
func (t *turns) check() {
	p, s := &t.pace, t.stint.Load()
	handled, state := s.handled.Load(), s.state.Load()
	same := s == p.stint && handled == p.handled
	p.stint, p.handled = s, handled
	if same && state == reading || t.c.base.Err() != nil {
		p.armed.Store(false)
		if s.handled.Load() != handled {
			p.arm()
		}
		return
	}
	if same {
		t.replace(s)
	}
	p.timer.Reset(tick)
}

// replace takes the turn of a handler, or one that is free, for another goroutine.
func (t *turns) replace(s *stint) {
	mine := s.state.CompareAndSwap(handling, followed)
	if !mine && t.turn.take(nil) {
		if mine = s.state.CompareAndSwap(robbed, followed); !mine {
			t.turn.give()
		}
	}
	if mine {
		t.letOthers()
		t.pace.until.Store(time.Now().Add(wary).UnixNano())
		t.follow(true)
	}
}
