package rpc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Goodbye says that its sender starts no new calls on the connection. Calls that its running handlers make are still allowed.
type Goodbye struct {
	Then  string        // GoodbyeStop or GoodbyePark
	Lease time.Duration // with GoodbyePark: how long to stay
}

// What follows a goodbye.
const (
	GoodbyeStop = "stop"
	GoodbyePark = "park"
)

// Goodbye tells the peer that no new call starts here: what it reads after it are answers and what running handlers send. Later root
// calls and notices from this end fail with Unavailable, not delivered.
func (c *Conn) Goodbye(ctx context.Context, g Goodbye) error {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	buf, err := c.encode(&wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Then: g.Then, Lease: g.Lease.Milliseconds()}}, nil)
	if err != nil {
		return err
	}
	if _, err := c.out.send(ctx, buf, farewell); err != nil {
		return c.unsent(ctx, "goodbye", err)
	}
	return nil
}

func (c *Conn) saidGoodbye(what string) *Error {
	return NotSent(Unavailable, "%s: this side has said goodbye and starts nothing new", what)
}

// goodbyes hands what the peer said to OnGoodbye, in one goroutine: a peer that says it a million times costs no more than that.
type goodbyes struct {
	mu      sync.Mutex // guards all below
	latest  *Goodbye   // not handed over yet
	running bool
}

func (c *Conn) heardGoodbye(m wire.Meta) {
	if c.opt.OnGoodbye == nil {
		return
	}
	g := &c.goodbyes
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latest = &Goodbye{Then: m.Then, Lease: milliseconds(m.Lease)}
	if !g.running {
		g.running = true
		go c.handleGoodbyes()
	}
}

func (c *Conn) handleGoodbyes() {
	for next := c.goodbyes.take(); next != nil; next = c.goodbyes.take() {
		c.guard("goodbye hook", func() { c.opt.OnGoodbye(*next) })
	}
}

// take returns what the peer said last; nil ends the goroutine.
func (g *goodbyes) take() *Goodbye {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := g.latest
	g.latest, g.running = nil, next != nil
	return next
}

// Drain waits until no handler runs here, no call from here is in flight, no notice waits to be handled, and all answers have been
// handed to the kernel. It ends early with ctx, and without an error with the connection.
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

// CancelHandlers ends the contexts of all handlers that run here, that of a notice included; notices that wait are handled after it.
func (c *Conn) CancelHandlers() {
	c.mu.Lock()
	all := make([]*inbound, 0, len(c.serving))
	for _, in := range c.serving {
		all = append(all, in)
	}
	c.mu.Unlock()
	for _, in := range all {
		in.cancel()
	}
	c.inbox.cancelCurrent()
}

// CancelCalls ends all calls in flight from here with Unavailable, and tells the peer.
func (c *Conn) CancelCalls(reason string) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return
	}
	calls := c.calls
	c.calls = make(map[wire.Tx]*pending)
	c.settleIdle()
	c.mu.Unlock()
	for tx, p := range calls {
		if buf, err := c.encode(&wire.Frame{Kind: wire.Cancel, Tx: tx}, nil); err == nil {
			c.out.post(buf)
		}
		p.reason = reason
		p.settle(wire.Frame{}, nil)
	}
}
