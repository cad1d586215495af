package rpc

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/abridge"
)

// An Observation is one finished message, for metrics.
type Observation struct {
	Type     string
	Kind     Kind
	Incoming bool          // handled here; false: sent from here
	Duration time.Duration // a call: until its reply; a notice: until it was queued, or handled
	Err      error
}

// counters count what is dropped or broken; see Stats.
type counters struct {
	received, droppedReplies, corruptFrames, refused, denied atomic.Uint64
}

// Stats is a snapshot of a connection, for status and metrics.
type Stats struct {
	Pending        int           // calls made here that wait for their reply
	Serving        int           // handlers running here
	Streams        int           // calls with streams that are open, in either direction; Pending and Serving count them too
	Left           int           // calls that were given up here and are not answered: each counts towards the limit until then
	Oldest         time.Duration // for how long the oldest of Pending has waited; 0: there is none
	Unacknowledged int           // notices sent that the peer has not handled
	Received       uint64        // frames that arrived, pings and their answers left out
	DroppedReplies uint64        // replies to calls that were not pending any more
	CorruptFrames  uint64        // frames that could not be read
	Refused        uint64        // calls refused because too many were in flight
	Denied         uint64        // calls and notices that Options.Permit refused
}

// Stats returns a snapshot.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	s := Stats{Pending: len(c.calls) - c.answers, Serving: c.handlers, Streams: len(c.streams) + c.streamers.serving}
	for _, slot := range c.owed {
		if slot == c.streams {
			s.Streams--
		}
	}
	s.Left = len(c.owed)
	for _, p := range c.calls {
		if p.notice == "" {
			s.Oldest = max(s.Oldest, time.Since(p.deadline.now))
		}
	}
	c.mu.Unlock()
	s.Unacknowledged = c.notices.unacknowledged()
	s.Received = c.counts.received.Load()
	s.DroppedReplies, s.CorruptFrames, s.Refused = c.counts.droppedReplies.Load(), c.counts.corruptFrames.Load(), c.counts.refused.Load()
	s.Denied = c.counts.denied.Load()
	return s
}

// warn logs. The texts among args may be a peer's: they are abridged.
func (c *Conn) warn(msg string, args ...any) {
	if c.opt.Logger == nil {
		return
	}
	defer func() { _ = recover() }()
	for i, arg := range args {
		if text, is := arg.(string); is {
			args[i] = abridge.Text(text)
		}
	}
	c.opt.Logger.Warn(msg, args...)
}

// begun is when a message began, for those who want to know; else zero.
func (c *Conn) begun() time.Time {
	if c.opt.Observe == nil && len(c.opt.Middleware) == 0 {
		return time.Time{}
	}
	return time.Now()
}

// observe tells of a message that began at start.
func (c *Conn) observe(o Observation, start time.Time) {
	if c.opt.Observe == nil {
		return
	}
	o.Duration = time.Since(start)
	c.guard("observe hook", func() { c.opt.Observe(o) })
}

// guard calls a hook: a panic of it is logged and breaks nothing.
func (c *Conn) guard(what string, hook func()) {
	defer func() {
		if p := recover(); p != nil {
			c.warn(what+" panicked", "panic", fmt.Sprint(p))
		}
	}()
	hook()
}
