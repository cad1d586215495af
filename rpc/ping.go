package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// pings are those sent from here and not answered.
type pings struct {
	mu   sync.Mutex // guards all below
	last uint64
	open map[wire.Tx]chan struct{}
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
	for open, answered := range p.open {
		if open.N <= tx.N {
			close(answered)
			delete(p.open, open)
		}
	}
}

func (p *pings) remove(tx wire.Tx) {
	p.mu.Lock()
	delete(p.open, tx)
	p.mu.Unlock()
}

// Ping asks the peer for a sign of life and returns the round-trip time. The peer's connection answers, not its handlers.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	tx, answered := c.pings.add()
	defer c.pings.remove(tx)
	buf, err := c.encode(&wire.Frame{Kind: wire.Ping, Tx: tx}, nil)
	if err != nil {
		return 0, err
	}
	if _, err := c.out.send(ctx, buf); err != nil {
		return 0, c.unsent(ctx, "ping")
	}
	select {
	case <-answered:
		return time.Since(start), nil
	case <-c.done:
		return 0, c.over("ping", true)
	case <-ctx.Done():
		return 0, fromContext(ctx, "ping")
	}
}

func (c *Conn) answerPing(tx wire.Tx) error {
	buf, err := c.encode(&wire.Frame{Kind: wire.Pong, Tx: tx}, nil)
	if err != nil {
		return err
	}
	c.out.postPong(buf)
	return nil
}
