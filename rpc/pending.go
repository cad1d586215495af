package rpc

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A pending is a call that was made here and has not ended.
type pending struct {
	tx       wire.Tx
	settled  atomic.Bool
	reply    chan struct{} // settle sends once, or closes it if the call has streams; by whoever took the call out of the table. Two slots: waiter has it, too
	waiter   waiter        // of a call without streams
	frame    wire.Frame
	buf      *wire.Buffer // holds frame's bytes; nil: the connection ended
	request  *wire.Buffer // the frame of the request, until it is queued
	parcel   parcel       // of that frame
	deadline deadline
	expired  bool          // the call time-out ended it
	reason   string        // why this side ended the call; empty: the connection ended
	moved    bool          // and that is no loss of the peer: it has streams, which may be opened elsewhere
	unsent   bool          // of a call that expired: the request was not sent
	notice   string        // the name of a notice whose acknowledgement this is; empty: a call
	news     *mailbox      // progress that arrived; nil: nobody wants it
	flow     *flow         // the call's streams; nil: it has none
	failure  *Error        // why the caller ended a call with streams; nil: it did not
	slot     chan struct{} // holds one place of this call; nil: it has none, or leaves it taken
}

// newPending returns a call without streams. news is nil if nobody wants to know of its progress, as with all that are used again.
func (c *Conn) newPending(tx wire.Tx, news *mailbox) *pending {
	if news == nil {
		if p, used := c.spare.Get().(*pending); used {
			p.tx = tx
			return p
		}
	}
	p := &pending{tx: tx, news: news, reply: make(chan struct{}, 2)}
	p.waiter.ready = p.reply
	return p
}

// recycle has p used again for another call, if nobody else knows it. Its caller has received from reply.
func (c *Conn) recycle(p *pending) {
	switch {
	case p.news != nil, p.flow != nil: // the reader may look at them still
		return
	case len(c.opt.Middleware) > 0: // which may have kept the reply
		return
	case p.parcel.state.Load() != handed: // the frame of the request may be queued
		return
	}
	p.settled.Store(false)
	p.parcel.state.Store(waiting)
	p.frame, p.buf, p.request, p.deadline, p.slot = wire.Frame{}, nil, nil, deadline{}, nil
	p.expired, p.reason, p.moved, p.unsent = false, "", false, false
	c.spare.Put(p)
}

func (p *pending) settle(f wire.Frame, buf *wire.Buffer) {
	p.frame, p.buf = f, buf
	if p.slot != nil {
		<-p.slot
	}
	p.settled.Store(true)
	if p.flow != nil {
		close(p.reply)
		return
	}
	p.reply <- struct{}{}
}

// isOver reports whether the call is settled.
func (p *pending) isOver() bool { return p.settled.Load() }

// wait blocks until the call is settled or wake is ready, turn gives the turn to read, or ctx ended: then both results are false. Meanwhile it hands over
// progress.
func (p *pending) wait(ctx context.Context, wake, turn <-chan struct{}) (ready, mine bool) {
	for {
		select {
		case <-p.reply:
			p.news.deliver()
			return true, false
		case <-wake:
			return true, false
		case <-ctx.Done():
			return false, false
		case <-p.news.arrived():
			p.news.deliver()
		case <-turn:
			return false, true
		}
	}
}

// endsWith reports whether a frame of this kind may end the call.
func (p *pending) endsWith(k wire.Kind) bool {
	items := p.flow != nil && p.flow.in != nil
	return k == wire.Error || (k == wire.End) == items
}

// A deadline is when a call has to be over.
type deadline struct {
	at   time.Time // zero: never
	ours bool      // the call time-out says so, and not the caller's context
	now  time.Time // when the call had its slot
}

// deadlineOf is the deadline of a call with streams.
func deadlineOf(ctx context.Context) deadline {
	at, _ := ctx.Deadline()
	return deadline{at: at, now: time.Now()}
}

// deadlineOf is the deadline of a call without.
func (c *Conn) deadlineOf(ctx context.Context) deadline {
	d := deadlineOf(ctx)
	if d.at.IsZero() && c.opt.CallTimeout > 0 {
		d.at, d.ours = d.now.Add(c.opt.CallTimeout), true
	}
	return d
}

// CallTimeout is how long a call may take whose context has no deadline; 0: as long as it does. The connection sees to it.
func (c *Conn) CallTimeout() time.Duration { return c.opt.CallTimeout }
