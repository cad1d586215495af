package rpc

import "sync"

// A turn is the right to read. One goroutine at a time has it. Those that wait for it are a queue, and the one that gives it back tells the next: a channel
// that all of them wait on would have each of them look at it again whenever its own reply comes. The zero value is with whoever makes it.
type turn struct {
	mu             sync.Mutex // guards all below, and who is in the queue
	free           bool
	oldest, newest *waiter
}

// A waiter is a goroutine that waits for the turn.
type waiter struct {
	ready          chan struct{} // gets one signal when the turn is the waiter's; it has room for it
	older, younger *waiter
	waits          bool // it is in the queue
}

// take takes the turn if nobody has it; false: w waits for it, if there is one.
func (t *turn) take(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free {
		t.free = false
		return true
	}
	if w == nil {
		return false
	}
	w.waits, w.older = true, t.newest
	if t.newest != nil {
		t.newest.younger = w
	} else {
		t.oldest = w
	}
	t.newest = w
	return false
}

// give gives the turn to whoever has waited longest.
func (t *turn) give() {
	t.mu.Lock()
	w := t.oldest
	if w == nil {
		t.free = true
		t.mu.Unlock()
		return
	}
	t.remove(w)
	t.mu.Unlock()
	w.ready <- struct{}{}
}

// leave has w not wait any more. If the turn was given to it meanwhile, it goes to the next one; the signal of that is taken.
func (t *turn) leave(w *waiter) {
	t.mu.Lock()
	waits := w.waits
	if waits {
		t.remove(w)
	}
	t.mu.Unlock()
	if !waits {
		<-w.ready
		t.give()
	}
}

// remove takes w out of the queue. mu is held.
func (t *turn) remove(w *waiter) {
	if w.older != nil {
		w.older.younger = w.younger
	} else {
		t.oldest = w.younger
	}
	if w.younger != nil {
		w.younger.older = w.older
	} else {
		t.newest = w.older
	}
	w.waits, w.older, w.younger = false, nil, nil
}
