package host

import (
	"cmp"
	"context"
	"sync"
)

// A wish is what somebody wants of a plugin: its owner sees to it.
type wish struct {
	spec   *spec  // what is to run; nil: nothing is
	rest   State  // without a spec: Disabled, Failed or Stopped,
	err    error  // and why, where that is an error
	reason string // one sentence
	link   link   // what is to become of the connection; else than linkNone, nothing else of this counts
	anew   bool   // even if nothing has changed, and though it was refused before
	remind bool   // counts only if spec is still what waits for another plugin
	heard  []chan<- error
}

// endsAll reports whether nothing is to run, though it could.
func (w *wish) endsAll() bool { return w.link == linkNone && w.spec == nil && w.rest != Failed }

// wishes holds what an owner has not taken yet: of several wishes the latest counts, and all who wait are told what became of it. Those for the connection
// stand apart.
type wishes struct {
	made chan struct{} // one slot: whoever adds signals, the owner receives
	ends chan struct{} // one slot: whoever adds one that nothing runs signals, a launch receives

	mu    sync.Mutex // guards all below
	next  *wish
	link  *wish // for the connection
	asked int   // how many were made
	taken int   // of them, how many the owner has taken, or will not see, because a later one counts
	seen  int   // of them, how many it is done with
}

func newWishes() wishes { return wishes{made: make(chan struct{}, 1), ends: make(chan struct{}, 1)} }

func (w *wishes) add(n wish) {
	w.mu.Lock()
	if n.remind && w.next != nil {
		w.mu.Unlock()
		return
	}
	w.asked++
	slot := &w.next
	if n.link != linkNone {
		slot = &w.link
	}
	if before := *slot; before != nil {
		n.anew = n.anew || before.anew
		n.heard = append(before.heard, n.heard...)
	}
	*slot = &n
	w.mu.Unlock()
	signal(w.made)
	if n.endsAll() {
		signal(w.ends)
	}
}

// take returns what is wished; nil: nothing new.
func (w *wishes) take() *wish {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.next
	w.next = nil
	switch {
	case next == nil:
		next, w.link = w.link, nil
	case w.link != nil:
		signal(w.made)
	}
	w.taken = w.asked
	return next
}

// settle says that the owner is done with what it has taken.
func (w *wishes) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = w.taken
}

// open reports whether the owner is not done with all that was wished.
func (w *wishes) open() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen < w.asked
}

// unwanted reports whether the next wish is that nothing runs.
func (w *wishes) unwanted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next != nil && w.next.endsAll()
}

// send hands a wish to the owner, and does not wait. The first one gives the plugin its owner, unless it is for the connection: there is none.
func (p *Plugin) send(w wish) {
	if w.link == linkNone && p.own() {
		p.begin(w)
		return
	}
	p.wishes.add(w)
}

// own reports whether the plugin had no owner. From now on it counts as one that has.
func (p *Plugin) own() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.owned
	p.owned = true
	return first
}

// signal puts a token into a channel of one slot.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// want hands a wish to the owner and waits for what becomes of it. ctx ends the waiting, not the wish.
func (p *Plugin) want(ctx context.Context, w wish) error {
	heard := make(chan error, 1)
	w.heard = append(w.heard, heard)
	p.send(w) // it may be the first: the plugin was installed a moment ago, and the watch has not seen to it yet
	select {
	case err := <-heard:
		return err
	case <-p.done:
		select {
		case err := <-heard:
			return err
		default:
			return p.unavailable(cmp.Or(string(w.link), "reload"))
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
