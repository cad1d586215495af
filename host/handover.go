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
	if err := l.quiesce(ctx, old); err != nil {
		return err
	}
	return passOn(ctx, old, fresh)
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
func (l *life) handOff(ctx context.Context, old, fresh *instance) (err error) {
	if err := l.quiesce(ctx, old); err != nil {
		return err
	}
	var state lifecycle.State
	keeps := old.keepsState(fresh)
	if keeps {
		if state, err = old.snapshot(ctx); err != nil {
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
	if err = fresh.begin(ctx); err == nil && keeps {
		err = fresh.restore(ctx, state)
	}
	if err == nil {
		return nil
	}
	fresh.discard()
	return errors.Join(err, l.takeBack(old))
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
