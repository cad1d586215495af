package rpc

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

const (
	// quiet is how long no call may have read before the connection's own goroutine does: an end that calls without pause sees pings, and
	// the end of the connection, that late at the most.
	quiet = time.Millisecond

	// attentive is how long an end that was called has its own goroutine read all the time.
	attentive = 100 * time.Millisecond
)

// turns is the receiver of sockets. There is one turn to read. A call that waits for its reply takes it if it is free, and reads for everybody until
// that reply is there: no other goroutine has to be woken for it. While no call waits, a goroutine of the connection has the turn; see pace.go for the
// handlers that it runs itself.
//
// A reply is with its call before the turn is given back, and whoever has taken the turn looks for its own reply first: so none is missed.
type turns struct {
	c      *Conn
	r      *wire.Reader
	stream net.Conn
	turn   turn
	hurry  chan struct{}         // one slot: a call that gives the turn back signals that the goroutine is to take it at once
	called atomic.Int64          // when something for a handler came last, in nanoseconds of the Unix time; 0: never
	stint  atomic.Pointer[stint] // of the goroutine that reads while no call does
	pace   pace

	// Of who has the turn:
	reads  uint64          // how often calls have read
	more   bool            // another frame is there, whole
	heeded <-chan struct{} // of the last context whose end interrupts whoever reads
	unheed func() bool
}

// newTurns returns the receiver of c. Whoever calls run has the turn.
func newTurns(c *Conn, r *wire.Reader) *turns {
	t := &turns{c: c, r: r, stream: c.stream, more: r.Ready(), hurry: make(chan struct{}, 1)}
	t.pace.timer = time.AfterFunc(time.Hour, t.check)
	t.pace.timer.Stop()
	return t
}

// await implements receiver.
func (t *turns) await(ctx context.Context, p *pending, wake <-chan struct{}) bool {
	if (t.takeFromHandler() || t.turn.take(nil)) && t.readFor(ctx, p, wake) {
		return true
	}
	if p.news == nil && isReady(p.reply) {
		return true // most calls are over here
	}
	if p.flow == nil && p.news == nil && wake == nil {
		return t.awaitReply(ctx, p)
	}
	return t.awaitAny(ctx, p, wake)
}

// awaitReply is await for a call that has nothing but its reply to wait for. The same channel tells of that and of the turn: a receive is cheaper than a select.
func (t *turns) awaitReply(ctx context.Context, p *pending) bool {
	for {
		if !t.turn.take(&p.waiter) {
			if !receive(p.reply, ctx.Done()) {
				t.turn.leave(&p.waiter)
				return false
			}
			if p.isOver() {
				t.turn.leave(&p.waiter)
				return true
			}
		}
		t.readFor(ctx, p, nil)
		switch {
		case p.isOver():
			<-p.reply
			return true
		case ctx.Err() != nil:
			return false
		}
	}
}

// receive receives from c; false if done came first.
func receive(c, done <-chan struct{}) bool {
	if done == nil {
		<-c
		return true
	}
	select {
	case <-c:
		return true
	case <-done:
		return false
	}
}

// awaitAny is await for whatever there may be to wait for.
func (t *turns) awaitAny(ctx context.Context, p *pending, wake <-chan struct{}) bool {
	w := &waiter{ready: make(chan struct{}, 1)}
	for {
		if p.isOver() || ctx.Err() != nil {
			ready, _ := p.wait(ctx, wake, nil)
			return ready
		}
		ready, mine := false, t.turn.take(w)
		if !mine {
			if ready, mine = t.queue(ctx, p, wake, w); !mine {
				return ready
			}
		}
		if t.readFor(ctx, p, wake) {
			return true
		}
		if isReady(p.news.arrived()) {
			p.news.deliver()
		}
	}
}

// queue waits in the queue for the turn. It is out of it afterwards, also if what the caller wants to know of its progress panics.
func (t *turns) queue(ctx context.Context, p *pending, wake <-chan struct{}, w *waiter) (ready, mine bool) {
	defer func() {
		if !mine {
			t.turn.leave(w)
		}
	}()
	return p.wait(ctx, wake, w.ready)
}

// readFor reads until there is something for p, and gives the turn back. It reports whether that was a wake.
func (t *turns) readFor(ctx context.Context, p *pending, wake <-chan struct{}) (woken bool) {
	t.heed(ctx)
	for woken = isReady(wake); t.more || !woken && !p.concerned() && ctx.Err() == nil; woken = woken || isReady(wake) {
		a := t.next()
		if a.in != nil {
			t.c.crew.run(a.in)
		}
		if a.over {
			break
		}
	}
	t.reads++
	t.turn.give()
	if t.isCalled() {
		signal(t.hurry)
	}
	return woken
}

// heed has the end of ctx interrupt whoever reads. A program that makes its calls with one context pays for that once.
func (t *turns) heed(ctx context.Context) {
	done := ctx.Done()
	if done == nil || done == t.heeded {
		return
	}
	t.heedNone()
	t.heeded, t.unheed = done, context.AfterFunc(ctx, t.interrupt)
}

func (t *turns) heedNone() {
	if t.unheed != nil {
		t.unheed()
		t.heeded, t.unheed = nil, nil
	}
}

// concerned reports whether there is something for whoever waits for the call.
func (p *pending) concerned() bool { return p.isOver() || p.news.waits() }

func isReady(wake <-chan struct{}) bool {
	select {
	case <-wake:
		return true
	default:
		return false
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next reads one frame and hands it on. An interrupted one is empty.
func (t *turns) next() arrived {
	buf, err := t.r.Frame()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = t.stream.SetReadDeadline(time.Time{}) // whoever was interrupted has been told the reason before
		return arrived{}
	}
	if !t.more {
		t.c.heard = time.Now()
	}
	t.more = t.r.Ready()
	a := t.c.arrive(buf, err)
	if a.served {
		t.called.Store(t.c.heard.UnixNano())
	}
	if a.over {
		t.heedNone()
	}
	return a
}

// interrupt implements receiver.
func (t *turns) interrupt() { _ = t.stream.SetReadDeadline(time.Unix(1, 0)) }

// isCalled reports whether this end has been called lately.
func (t *turns) isCalled() bool {
	at := t.called.Load()
	return at != 0 && time.Now().UnixNano()-at < int64(attentive)
}

// never is a number of reads that there will not be.
const never = math.MaxUint64

// run implements receiver.
func (t *turns) run(mine bool) {
	me, ours := new(stint), true
	t.stint.Store(me)
	defer func() {
		if ours {
			t.c.wg.Done()
		}
	}()
	for reads := uint64(never); mine || t.watch(reads); {
		mine = false
		over, here := t.readForAll()
		switch {
		case over:
			t.c.crew.release()
			return
		case here == 0: // calls read themselves
			reads = t.reads
			t.turn.give()
		default:
			ours = false // closing waits for no handler
			t.c.wg.Done()
			if mine = t.handleHere(me, here); !mine && !t.resumes(me) {
				return
			}
			ours, reads = true, never
		}
	}
}

// readForAll reads until the connection is over, or there are requests to be handled here, or calls had better read themselves.
func (t *turns) readForAll() (over bool, here int) {
	for {
		a := t.next()
		switch {
		case a.in == nil:
		case a.in.opens == "" && (here > 0 || t.staysHere(a.in)):
			here = t.c.crew.keep(a.in)
		default:
			here = 0
			t.c.crew.run(a.in)
		}
		switch {
		case a.over:
			return true, here
		case t.more:
		case here > 0, a.replied && !t.isCalled():
			return false, here
		}
	}
}

// watch takes the turn when no call has read for a while, or this end is called; false: the connection is over. reads is how often calls had read when it began.
func (t *turns) watch(reads uint64) bool {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	w := &waiter{ready: make(chan struct{}, 1)}
	for {
		select {
		case <-timer.C:
		case <-t.hurry:
		case <-t.c.done:
			return false
		}
		if !t.turn.take(w) {
			select {
			case <-w.ready:
			case <-t.c.done:
				t.turn.leave(w)
				return false
			}
		}
		if t.reads == reads || t.isCalled() {
			return true
		}
		reads = t.reads
		t.turn.give()
		timer.Reset(quiet)
	}
}
