package rpc

import (
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// An alarm ends calls whose call time-out has passed. There is one timer for all calls of a connection, and while all have the same time-out it is set once in
// that time, not once for each call. Conn.mu guards it.
type alarm struct {
	ring  func() // immutable
	timer *time.Timer
	at    time.Time // when it rings; zero: it is not set
}

// set has it ring at t at the latest.
func (a *alarm) set(t time.Time) {
	if !a.at.IsZero() && !t.Before(a.at) {
		return
	}
	a.at = t
	if a.timer == nil {
		a.timer = time.AfterFunc(time.Until(t), a.ring)
		return
	}
	a.timer.Reset(time.Until(t))
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// ring ends the calls whose time is over.
func (c *Conn) ring() {
	for _, p := range c.expire(time.Now()) {
		p.unsent = !c.quit(p)
		p.settle(wire.Frame{}, nil)
	}
	c.in.interrupt()
}

// expire takes the calls whose time is over out of the table, and sets the alarm for the next one.
func (c *Conn) expire(now time.Time) (over []*pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var next time.Time
	for _, p := range c.calls {
		switch {
		case !p.deadline.ours:
		case !p.deadline.at.After(now):
			over = append(over, p)
		case next.IsZero() || p.deadline.at.Before(next):
			next = p.deadline.at
		}
	}
	for _, p := range over {
		c.forget(p)
		c.owe(p)
		p.expired = true
	}
	c.alarm.at = time.Time{}
	if !next.IsZero() {
		c.alarm.set(next)
	}
	return over
}
