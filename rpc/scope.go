package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A scope is the context of one handler: it ends with the call, at the caller's deadline, or with the connection. Handlers may keep it: it has what their
// functions look for in it, and nothing of the inbound, which is used again. It sets up what it takes to be told of its end when somebody asks for Done: most
// handlers are over before anybody does.
type scope struct {
	conn     *Conn
	headers  map[string]string // beside the payload; nil: none
	news     *bulletin         // nil: the caller wants to know of no progress
	deadline time.Time         // zero: none

	mu    sync.Mutex // guards all below
	err   error
	done  chan struct{} // nil until somebody asks for it
	timer *time.Timer
	alone func() bool // the end of base does not end it any more
}

// newScope is the context of the handler of a request that has just been read.
func (c *Conn) newScope(m *wire.Meta) *scope {
	s := &scope{conn: c, headers: m.Headers}
	if m.Deadline > 0 {
		s.deadline = c.heard.Add(milliseconds(m.Deadline))
	}
	return s
}

var closedChannel = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Deadline implements context.Context.
func (s *scope) Deadline() (time.Time, bool) { return s.deadline, !s.deadline.IsZero() }

// Value implements context.Context.
func (s *scope) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return s
	}
	return s.conn.base.Value(key)
}

// Err implements context.Context.
func (s *scope) Err() error {
	s.mu.Lock()
	err := s.err
	s.mu.Unlock()
	if err == nil {
		if err = s.due(); err != nil {
			s.end(err)
		}
	}
	return err
}

// due is why it should be over; nil if it should not.
func (s *scope) due() error {
	if err := s.conn.base.Err(); err != nil {
		return err
	}
	if !s.deadline.IsZero() && time.Until(s.deadline) <= 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// Done implements context.Context.
func (s *scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done != nil {
		return s.done
	}
	if s.err != nil {
		s.done = closedChannel
		return s.done
	}
	s.done = make(chan struct{})
	s.alone = context.AfterFunc(s.conn.base, func() { s.end(context.Canceled) })
	if !s.deadline.IsZero() {
		s.timer = time.AfterFunc(time.Until(s.deadline), func() { s.end(context.DeadlineExceeded) })
	}
	return s.done
}

// end ends it, unless it is over.
func (s *scope) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	if s.done == nil {
		return
	}
	close(s.done)
	s.alone()
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *scope) cancel() { s.end(context.Canceled) }
