package rpc

import (
	"context"
	"sync"
	"time"
)

// A scope is the context of one handler: it ends with the call, at the caller's deadline, or with the connection. It is a part of its inbound, and sets up
// what it takes to be told of its end when somebody asks for Done: most handlers are over before anybody does.
type scope struct {
	in       *inbound
	base     context.Context // the connection's
	deadline time.Time       // zero: none

	mu    sync.Mutex // guards all below
	err   error
	done  chan struct{} // nil until somebody asks for it
	timer *time.Timer
	alone func() bool // the end of base does not end it any more
}

var closedChannel = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Deadline implements context.Context.
func (s *scope) Deadline() (time.Time, bool) { return s.deadline, !s.deadline.IsZero() }

// Value implements context.Context.
func (s *scope) Value(key any) any {
	if _, ok := key.(inboundKey); ok {
		return s.in
	}
	return s.base.Value(key)
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
	if err := s.base.Err(); err != nil {
		return err
	}
	if !s.deadline.IsZero() && !time.Now().Before(s.deadline) {
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
	s.alone = context.AfterFunc(s.base, func() { s.end(context.Canceled) })
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
