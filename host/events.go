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

// What waits for a slow reader before the oldest are dropped and counted.
const (
	eventBuffer = 1024    // events,
	eventBytes  = 1 << 20 // and bytes of their texts; one event may go beyond
)

// broadcast hands events to every reader.
type broadcast struct {
	mu      sync.Mutex // guards all below; never held while calling out
	readers map[*reader]struct{}
	closed  bool
}

type reader struct {
	queue  []waiting
	bytes  int // of their texts
	missed int
	wake   chan struct{} // one slot; publish signals, the reader receives; closed when the reader leaves, or with the broadcast
}

// A waiting event has so many bytes of text.
type waiting struct {
	event Event
	size  int
}

func (b *broadcast) publish(e Event) {
	w := waiting{event: e, size: len(e.Reason) + bytesOf(e.Err)}
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.readers {
		r.add(w)
	}
}

func (r *reader) add(w waiting) {
	r.queue = append(r.queue, w)
	r.bytes += w.size
	for len(r.queue) > eventBuffer || r.bytes > eventBytes && len(r.queue) > 1 {
		r.pop()
		r.missed++
	}
	signal(r.wake)
}

// pop takes the oldest out of the queue, which holds nothing of it any more.
func (r *reader) pop() Event {
	w := r.queue[0]
	r.queue[0] = waiting{}
	r.queue, r.bytes = r.queue[1:], r.bytes-w.size
	return w.event
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

// take is the oldest event that a reader has not had, if there is one. They are taken one by one, so that no more waits in a reader's hands.
func (b *broadcast) take(r *reader) (e Event, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(r.queue) == 0 {
		r.queue = nil
		return e, false
	}
	e = r.pop()
	e.Missed, r.missed = r.missed, 0
	return e, true
}

// Events yields what happens from the call on, until ctx ends, the loop is left, or the host is closed. A reader that falls more than 1,024
// events behind, or 1 MiB of their texts, loses the oldest; the next event says how many. A second
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
			for e, more := h.env.events.take(r); more; e, more = h.env.events.take(r) {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			if !open {
				return
			}
		}
	}
}
