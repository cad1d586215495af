package controlhost

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
)

// A journal keeps the last items of each key, and hands those that come to its readers. Whoever adds one waits for nobody.
type journal[T any] struct {
	most  int         // items of one key that are kept
	bytes int         // and of how many bytes; one item may go beyond
	size  func(T) int // of an item, in bytes

	mu      sync.Mutex // guards all below; never held while calling out
	last    uint64     // the number of the latest item
	rings   map[string]*ring[T]
	readers map[*reader[T]]struct{}
	closed  bool
}

// A ring is the latest items of one key, oldest first.
type ring[T any] struct {
	items []numbered[T]
	bytes int
}

// numbered is an item with its place among those of all keys.
type numbered[T any] struct {
	number uint64
	item   T
	size   int
}

// A reader has what was added and not yet taken.
type reader[T any] struct {
	key    string // whose items; empty: all
	queue  []numbered[T]
	bytes  int           // of the queue
	missed int           // items that were dropped before the queue's first
	wake   chan struct{} // one slot: add signals, the reader receives; closed with the journal
}

// What waits for a slow reader before the oldest are dropped and counted. What it has taken and not sent yet may be as much again.
const (
	followBuffer = 1000    // items,
	followBytes  = 1 << 20 // and bytes of them; one item may go beyond
)

func newJournal[T any](most, bytes int, size func(T) int) *journal[T] {
	return &journal[T]{most: most, bytes: bytes, size: size, rings: map[string]*ring[T]{}, readers: map[*reader[T]]struct{}{}}
}

// add keeps an item of a key.
func (j *journal[T]) add(key string, item T) {
	size := j.size(item)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	r := j.rings[key]
	if r == nil {
		r = &ring[T]{}
		j.rings[key] = r
	}
	added := numbered[T]{j.last, item, size}
	r.items = append(r.items, added)
	r.bytes += size
	for len(r.items) > j.most || r.bytes > j.bytes && len(r.items) > 1 {
		r.bytes -= r.items[0].size
		r.items[0] = numbered[T]{} // what it holds is free, though its place is not yet
		r.items = r.items[1:]
	}
	for reader := range j.readers {
		if reader.key == "" || reader.key == key {
			reader.add(added)
		}
	}
}

func (r *reader[T]) add(item numbered[T]) {
	r.queue = append(r.queue, item)
	r.bytes += item.size
	for len(r.queue) > followBuffer || r.bytes > followBytes && len(r.queue) > 1 {
		r.bytes -= r.queue[0].size
		r.queue[0] = numbered[T]{}
		r.queue = r.queue[1:]
		r.missed++
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// has reports whether there ever was an item of a key.
func (j *journal[T]) has(key string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rings[key] != nil
}

// kept are the latest items of a key, or of all for an empty one, in no order. mu is held.
func (j *journal[T]) kept(key string) (found []numbered[T]) {
	for k, r := range j.rings {
		if key == "" || key == k {
			found = append(found, r.items...)
		}
	}
	return found
}

// latest are the last of what was found, oldest first; below 0 is all of it.
func latest[T any](found []numbered[T], most int) []T {
	slices.SortFunc(found, func(a, b numbered[T]) int { return cmp.Compare(a.number, b.number) })
	if most >= 0 && len(found) > most {
		found = found[len(found)-most:]
	}
	return itemsOf(found)
}

func itemsOf[T any](all []numbered[T]) []T {
	out := make([]T, len(all))
	for i, n := range all {
		out[i] = n.item
	}
	return out
}

// read yields what is kept of a key, and then, if follow, what comes, until ctx ends or the journal is closed. With each item is how many were
// missed before it.
func (j *journal[T]) read(ctx context.Context, key string, last int, follow bool) iter.Seq2[T, int] {
	return func(yield func(T, int) bool) {
		r, found := j.open(key, follow)
		defer j.leave(r)
		queue, missed := latest(found, last), 0 // put in order without the lock: who adds does not wait for it
		for open := true; ; queue, missed = j.take(r) {
			for i, item := range queue {
				if i > 0 {
					missed = 0
				}
				if !yield(item, missed) {
					return
				}
			}
			if !open {
				return
			}
			select {
			case _, open = <-r.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

// open makes a reader of what comes from now on, and says what is kept. Nothing comes to one that does not follow.
func (j *journal[T]) open(key string, follow bool) (*reader[T], []numbered[T]) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := &reader[T]{key: key, wake: make(chan struct{}, 1)}
	if follow && !j.closed {
		j.readers[r] = struct{}{}
	} else {
		close(r.wake)
	}
	return r, j.kept(key)
}

func (j *journal[T]) leave(r *reader[T]) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.readers, r)
}

func (j *journal[T]) take(r *reader[T]) (queue []T, missed int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	queue, missed = itemsOf(r.queue), r.missed
	r.queue, r.bytes, r.missed = nil, 0, 0
	return queue, missed
}

// close ends all who read, once they have what there is.
func (j *journal[T]) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	for r := range j.readers {
		close(r.wake)
		delete(j.readers, r)
	}
}
