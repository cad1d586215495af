package rpc

import (
	"context"
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
	if err := c.out.send(ctx, buf, farewell, now); err != nil {
		return c.unsent(ctx, "goodbye", err)
	}
	return nil
}

func (c *Conn) saidGoodbye(what string) *Error {
	return elsewhere(NotSent(Unavailable, "%s: this side has said goodbye and starts nothing new", what))
}

// Heard is the goodbye that the peer said last. Unlike OnGoodbye it is exact when the connection is over: what was read before its end was heard.
func (c *Conn) Heard() (g Goodbye, said bool) {
	c.goodbyes.mu.Lock()
	defer c.goodbyes.mu.Unlock()
	if c.goodbyes.heard == nil {
		return Goodbye{}, false
	}
	return *c.goodbyes.heard, true
}

// goodbyes hands what the peer said to OnGoodbye, in one goroutine: a peer that says it a million times costs no more than that.
type goodbyes struct {
	mu      sync.Mutex // guards all below
	heard   *Goodbye   // the latest; nil: none
	latest  *Goodbye   // not handed over yet
	running bool
}

func (c *Conn) heardGoodbye(m wire.Meta) {
	g := &c.goodbyes
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = &Goodbye{Then: m.Then, Lease: milliseconds(m.Lease)}
	if c.opt.OnGoodbye == nil {
		return
	}
	g.latest = g.heard
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
