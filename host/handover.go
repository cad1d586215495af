package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// tell takes the state of an instance that has a Snapshot hook; nil: it has none.
func (i *instance) tell(ctx context.Context) (*lifecycle.State, error) {
	if !i.feature(lifecycle.FeatureSnapshot) {
		return nil, nil
	}
	state, err := i.snapshot(ctx)
	if err != nil {
		return nil, i.named(err)
	}
	return &state, nil
}

// finish ends an instance that is picked no more, for a successor: what is in flight may end, within the drain time-out. It returns what the instance
// knew then.
func (i *instance) finish() (known *lifecycle.State, err error) {
	defer i.retire()
	if !i.feature(lifecycle.FeatureSnapshot) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), i.drainLimit())
	defer cancel()
	if err := i.quiet(ctx); err != nil {
		i.conn.CancelCalls(rpc.Moved, replaced)
	}
	ctx, cancel = context.WithTimeout(context.Background(), i.spec.timeouts.Start)
	defer cancel()
	return i.tell(ctx)
}

// handOver gives the new instance the state of the old one, if both can: once on trial, while calls go on, and once more when the old one is quiet.
// When it returns without an error, new calls wait for the swap.
func (l *life) handOver(ctx context.Context, old, fresh *instance) error {
	if !old.keepsState(fresh) {
		return nil
	}
	if err := passOn(ctx, old, fresh); err != nil {
		return err
	}
	h, err := l.quiesce(ctx, old)
	if err != nil {
		return err
	}
	if err = h.end(passOn(h, old, fresh)); err != nil {
		l.serveAgain(old)
	}
	return err
}

// passOn has the new instance restore what the old one knows.
func passOn(ctx context.Context, old, fresh *instance) error {
	state, err := old.snapshot(ctx)
	if err != nil {
		return old.named(err)
	}
	return fresh.restore(ctx, state)
}

// named is an error of the old instance, among those of the new one.
func (i *instance) named(err error) error { return fmt.Errorf("%s: %w", i.spec.titled(), err) }

// handOff is handOver for a plugin that owns what only one process can have.
func (l *life) handOff(ctx context.Context, old, fresh *instance) error {
	h, err := l.quiesce(ctx, old)
	if err != nil {
		return err
	}
	if err = h.end(l.giveUp(ctx, h, old, fresh)); err != nil {
		l.serveAgain(old)
	}
	return err
}

// giveUp has the old instance give up what it owns, and the new one take it, in the hush. After an error the old one has it again, or is gone.
func (l *life) giveUp(ctx context.Context, h *hush, old, fresh *instance) (err error) {
	var state lifecycle.State
	keeps := old.keepsState(fresh)
	if keeps {
		if state, err = old.snapshot(h); err != nil {
			return old.named(err)
		}
		l.known = &state
	}
	old.noteReleased(true)
	if err := ask(ctx, old, lifecycle.FeatureRelease, lifecycle.Release, lifecycle.None{}); err != nil {
		old.noteReleased(false)
		return old.named(err)
	}
	old.released.Store(true)
	if err = fresh.begin(h); err == nil && keeps {
		err = fresh.restore(h, state)
	}
	if err == nil {
		return nil
	}
	if h.Err() != nil { // somebody waits
		_ = fresh.proc.Kill()
	}
	fresh.discard()
	return errors.Join(err, l.takeBack(old))
}

// serveAgain ends the wait of calls for a handover that has come to nothing.
func (l *life) serveAgain(old *instance) {
	if l.current == old {
		l.p.serving.Store(old)
		l.p.poke()
	}
}

// takeBack has the old instance take again what it had given up. One that cannot is ended, and its successor started from its copy.
func (l *life) takeBack(old *instance) error {
	ctx, cancel := context.WithTimeout(l.p.asked, l.spec.timeouts.Start)
	defer cancel()
	err := old.resume(ctx)
	if err != nil {
		l.release()
		old.stop()
		return old.named(err)
	}
	return nil
}

// resume has an instance take again what it had given up.
func (i *instance) resume(ctx context.Context) error {
	err := ask(ctx, i, lifecycle.FeatureResume, lifecycle.Resume, lifecycle.None{})
	if err == nil {
		i.released.Store(false)
		i.noteReleased(false)
	}
	return err
}
