package rpc

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Drain waits until no handler runs here, no call from here is in flight, no notice waits to be handled, and all answers have been
// handed to the kernel. In isolated-workers/1 it waits for the answers to notices, too. It ends early with ctx, and without an error with the connection.
func (c *Conn) Drain(ctx context.Context) error {
	for {
		idle, err := c.whenIdle()
		if err != nil {
			return nil
		}
		if idle == nil {
			return c.flush(ctx)
		}
		select {
		case <-idle:
		case <-c.done:
			return nil
		case <-ctx.Done():
			s := c.Stats()
			return fmt.Errorf("%d handlers and %d calls are still running: %w", s.Serving, s.Pending, context.Cause(ctx))
		}
	}
}

func (c *Conn) flush(ctx context.Context) error {
	if c.out.flush(ctx) {
		return nil
	}
	return fmt.Errorf("the peer does not read the answers that are left: %w", context.Cause(ctx))
}

// whenIdle returns a channel that is closed when nothing runs any more; nil if nothing does now. The error is that of
// a connection that is over.
func (c *Conn) whenIdle() (<-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil || c.handlers+len(c.calls) == 0 {
		return nil, c.ended
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	return c.idle, nil
}

// settleIdle wakes those who wait for nothing to run. mu is held.
func (c *Conn) settleIdle() {
	if c.idle != nil && c.handlers+len(c.calls) == 0 {
		close(c.idle)
		c.idle = nil
	}
}

// LatestDeadline is when the last call in flight, in either direction, has to be over. bounded is false if one of them has no
// deadline. With nothing in flight the time is zero.
func (c *Conn) LatestDeadline() (latest time.Time, bounded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bounded = true
	note := func(deadline time.Time) {
		bounded = bounded && !deadline.IsZero()
		if deadline.After(latest) {
			latest = deadline
		}
	}
	for _, p := range c.calls {
		note(p.deadline.at)
	}
	for _, in := range c.serving {
		note(in.scope.deadline)
	}
	return latest, bounded
}

// CancelHandlers ends the contexts of all handlers that run here, that of a notice included; notices that wait are handled after it.
func (c *Conn) CancelHandlers() {
	c.cancelHandlers(func(*inbound) bool { return true })
	c.inbox.cancelCurrent()
}

func (c *Conn) cancelHandlers(which func(*inbound) bool) {
	c.mu.Lock()
	var ended []*scope
	for _, in := range c.serving {
		if which(in) {
			ended = append(ended, in.scope)
		}
	}
	c.mu.Unlock()
	for _, s := range ended {
		s.cancel()
	}
}

// AwaitNotices waits until the peer has handled all notices that were sent before. It ends early with ctx, and without an error with the connection.
func (c *Conn) AwaitNotices(ctx context.Context) error {
	for last := c.notices.number(); ; {
		acknowledged := c.notices.untilHandled(last)
		if acknowledged == nil {
			return nil
		}
		select {
		case <-acknowledged:
		case <-c.done:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%d notices have not been handled: %w", c.notices.unacknowledged(), context.Cause(ctx))
		}
	}
}

// CancelCalls ends all calls in flight from here, and tells the peer: plain ones with Unavailable, those with streams with a code, which is Unavailable, or
// Moved if there is another peer to open them on.
func (c *Conn) CancelCalls(streams Code, reason string) {
	c.cancelCalls(func(*pending) bool { return true }, streams, reason)
}

// MoveStreams ends the calls with streams that are in flight, and no others: those from here with Moved, since there is, or soon will be, another
// peer to open them on; of those of the peer, the contexts of their handlers.
func (c *Conn) MoveStreams(reason string) {
	c.cancelCalls(func(p *pending) bool { return p.flow != nil }, Moved, reason)
	c.cancelHandlers(func(in *inbound) bool { return in.opens != "" })
}

func (c *Conn) cancelCalls(which func(*pending) bool, streams Code, reason string) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return
	}
	var ended []*pending
	for tx, p := range c.calls {
		if !which(p) {
			continue
		}
		ended = append(ended, p)
		delete(c.calls, tx)
		if p.notice != "" {
			c.answers--
		}
		c.owe(p)
	}
	c.settleIdle()
	c.mu.Unlock()
	for _, p := range ended {
		c.quit(p)
		p.reason, p.moved = reason, p.flow != nil && streams == Moved
		p.settle(wire.Frame{}, nil)
	}
	c.in.interrupt()
}
