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
	heard  []chan<- error
}

// wishes holds what an owner has not taken yet: of several wishes the latest counts, and all who wait are told what became of it. Those for the connection
// stand apart.
type wishes struct {
	made chan struct{} // one slot: whoever adds signals, the owner receives

	mu   sync.Mutex // guards all below
	next *wish
	link *wish // for the connection
}

func (w *wishes) add(n wish) {
	w.mu.Lock()
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
	return next
}

// send hands a wish to the owner, and does not wait. The first one gives the plugin its owner.
func (p *Plugin) send(w wish) {
	p.mu.Lock()
	owned := p.owned
	p.owned = true
	p.mu.Unlock()
	if owned {
		p.wishes.add(w)
	} else {
		p.begin(w)
	}
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
	p.wishes.add(w)
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
