package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// pings are those sent from here and not answered.
type pings struct {
	turn chan struct{} // holds one token: who has it numbers and queues the next ping, so that they leave in order

	mu   sync.Mutex // guards all below
	last uint64
	open map[wire.Tx]chan struct{} // closed with the answer, or with the connection
	over bool
}

func (p *pings) init() {
	p.turn = make(chan struct{}, 1)
	p.turn <- struct{}{}
}

func (p *pings) add() (wire.Tx, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	tx := wire.Tx{N: p.last}
	if p.open == nil {
		p.open = make(map[wire.Tx]chan struct{})
	}
	answered := make(chan struct{})
	p.open[tx] = answered
	return tx, answered
}

// settle ends the ping of this number and all older ones: a peer that was flooded answers only the last.
func (p *pings) settle(tx wire.Tx) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	for open, answered := range p.open {
		if open.N <= tx.N {
			close(answered)
			delete(p.open, open)
		}
	}
}

// remove forgets a ping, and reports whether it was not answered.
func (p *pings) remove(tx wire.Tx) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, open := p.open[tx]
	delete(p.open, tx)
	return open
}

// end wakes those whose pings will not be answered.
func (p *pings) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, answered := range p.open {
		close(answered)
	}
	p.over = true
}

// Ping asks the peer for a sign of life and returns the round-trip time. The peer's connection answers, not its handlers.
// In isolated-workers/1 there is no such thing: it fails at once with Unimplemented.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	if c.profile != hotplug {
		return 0, NotSent(Unimplemented, "ping: %s has none: a call is the only sign of life", ProtocolIsolatedWorkers)
	}
	start := time.Now()
	tx, answered, err := c.sendPing(ctx)
	if err != nil {
		return 0, err
	}
	if !c.in.await(ctx, new(pending), answered) {
		c.pings.remove(tx)
		return 0, fromContext(ctx, "ping")
	}
	took := time.Since(start)
	if c.pings.remove(tx) {
		return 0, c.over("ping", true)
	}
	return took, nil
}

// sendPing numbers and queues one ping.
func (c *Conn) sendPing(ctx context.Context) (wire.Tx, chan struct{}, error) {
	select {
	case <-c.pings.turn:
		defer func() { c.pings.turn <- struct{}{} }()
	case <-ctx.Done():
		return wire.Tx{}, nil, withoutSending(ctx, "ping")
	case <-c.done:
		return wire.Tx{}, nil, c.over("ping", false)
	}
	tx, answered := c.pings.add()
	buf, err := c.encode(&wire.Frame{Kind: wire.Ping, Tx: tx}, nil)
	if err == nil {
		if err = c.out.send(ctx, buf, nested, now); err == nil {
			return tx, answered, nil
		}
		err = c.unsent(ctx, "ping", err)
	}
	c.pings.remove(tx)
	return tx, nil, err
}

func (c *Conn) answerPing(tx wire.Tx) error {
	buf, err := c.encode(&wire.Frame{Kind: wire.Pong, Tx: tx}, nil)
	if err != nil {
		return err
	}
	c.out.postPong(buf)
	return nil
}
