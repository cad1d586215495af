package rpc

import (
	"errors"
	"iter"
	"sync/atomic"
	"time"
)

// A sending sends a caller's items in a goroutine of its own, beside whoever waits for the end of the call.
type sending struct {
	broke atomic.Pointer[broken]
	over  chan struct{} // closed when the goroutine ends: items have returned
}

// itemsGrace is how long the end of a call waits for its items to return: those that wait for nothing have by then, and whoever made them
// may use what they have written.
const itemsGrace = 100 * time.Millisecond

// broken is why items did not end by themselves.
type broken struct {
	err      error
	panicked any // nil: err is the reason
}

var errItemsGone = errors.New("the function that makes the items ended its goroutine")

// send begins. If items break it closes the flow, which ends the call.
func send[Item any](f Flow, items iter.Seq2[Item, error]) *sending {
	s := &sending{over: make(chan struct{})}
	go func() {
		defer close(s.over)
		b := &broken{err: errItemsGone}
		defer func() {
			if p := recover(); p != nil {
				b = &broken{panicked: p}
			}
			if b != nil {
				s.broke.Store(b)
				f.Close()
			}
		}()
		if err := sendAll(f, items); err != nil {
			b = &broken{err: err}
		} else {
			b = nil
		}
	}()
	return s
}

// ended is what the call ended with, whose result was err: items that broke it count more. It passes on a panic of items.
func (s *sending) ended(err error) error {
	timer := time.NewTimer(itemsGrace)
	defer timer.Stop()
	select {
	case <-s.over:
	case <-timer.C:
	}
	b := s.broke.Load()
	switch {
	case b == nil:
		return err
	case b.panicked != nil:
		panic(b.panicked)
	}
	return b.err
}
