package host

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"
)

// An Event is one move of one plugin.
type Event struct {
	Time       time.Time
	Plugin     string
	Version    string
	Generation int // which launch of the plugin, from 1; 0 before the first
	PID        int // 0 if there is no process
	From, To   State
	Reason     string // one sentence
	Err        error  // why it failed; nil if it did not
	Missed     int    // events that this reader did not get, because it was too slow, before this one
}

// String is the event on one line.
func (e Event) String() string {
	return fmt.Sprintf("%s %s: %s: %s", e.Plugin, e.Version, e.To, e.Reason)
}

// eventBuffer is how many events wait for a slow reader before the oldest are dropped and counted.
const eventBuffer = 1024

// broadcast hands events to every reader.
type broadcast struct {
	mu      sync.Mutex // guards all below; never held while calling out
	readers map[*reader]struct{}
	closed  bool
}

type reader struct {
	queue  []Event
	missed int
	wake   chan struct{} // one slot; publish signals, the reader receives; closed when the reader leaves, or with the broadcast
}

func (b *broadcast) publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.readers {
		if len(r.queue) >= eventBuffer {
			r.queue = r.queue[1:]
			r.missed++
		}
		r.queue = append(r.queue, e)
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

func (b *broadcast) subscribe() *reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &reader{wake: make(chan struct{}, 1)}
	if b.closed {
		close(r.wake)
		return r
	}
	if b.readers == nil {
		b.readers = make(map[*reader]struct{})
	}
	b.readers[r] = struct{}{}
	return r
}

func (b *broadcast) unsubscribe(r *reader) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, open := b.readers[r]; open {
		delete(b.readers, r)
		close(r.wake)
	}
}

func (b *broadcast) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for r := range b.readers {
		close(r.wake)
		delete(b.readers, r)
	}
}

func (b *broadcast) take(r *reader) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	queue := r.queue
	r.queue = nil
	if len(queue) > 0 {
		queue[0].Missed, r.missed = r.missed, 0
	}
	return queue
}

// Events yields what happens from the call on, until ctx ends, the loop is left, or the host is closed. A reader that falls more than 1,024
// events behind loses the oldest; the next event says how many. A second
// loop over the same sequence yields nothing.
func (h *Host) Events(ctx context.Context) iter.Seq[Event] {
	r := h.env.events.subscribe()
	return func(yield func(Event) bool) {
		defer h.env.events.unsubscribe(r)
		for {
			open := true
			select {
			case _, open = <-r.wake:
			case <-ctx.Done():
				return
			}
			for _, e := range h.env.events.take(r) {
				if !yield(e) {
					return
				}
			}
			if !open {
				return
			}
		}
	}
}
