package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

// change acts on a wish for something else to run than what does.
func (l *life) change(w *wish) phase {
	copied, err := l.p.env.copyOf(l.p.asked, w.spec)
	if err != nil {
		return l.keep("the change was refused: "+headline(err), err)
	}
	next := w.spec.pinned(copied)
	print := next.fingerprint(copied)
	switch same := print == l.spec.fingerprint(l.current.copied); {
	case w.anew:
		delete(l.refused, print)
	case same:
		return l.retune(next)
	case l.refused[print] != nil:
		l.tell(l.refused[print])
		return l.serving
	}
	return l.reload(next, w.reason)
}

// keep goes on with what runs.
func (l *life) keep(reason string, err error) phase {
	l.p.move(Ready, reason, err)
	l.tell(err)
	return l.serving
}

// retune takes over settings for which the process need not be another.
func (l *life) retune(next *spec) phase {
	before := l.spec
	l.adoptSpec(next)
	l.watch.over(l.current, next)
	if before.sameConfig(next) {
		l.tell(nil)
		return l.serving
	}
	ctx, cancel := context.WithTimeout(l.p.asked, next.timeouts.Start)
	defer cancel()
	if err := l.current.configure(ctx, next); err != nil {
		l.adoptSpec(before)
		return l.keep("its new configuration was refused: "+headline(err), err)
	}
	return l.keep("it has a new configuration", nil)
}

// reload replaces the instance that answers calls by one of next.
func (l *life) reload(next *spec, reason string) phase {
	old := l.current
	l.p.move(Reloading, reason, nil)
	fresh, err := l.successor(old, next)
	switch {
	case l.p.asked.Err() != nil:
		return l.interrupted(fresh)
	case err != nil:
		return l.stay(next, err)
	}
	l.swap(old, fresh, next)
	return l.serving
}

// interrupted ends a reload during which the plugin was asked to stop.
func (l *life) interrupted(fresh *instance) phase {
	if fresh != nil {
		fresh.discard()
	}
	if l.current != nil {
		return l.serving // which ends it
	}
	l.p.move(Stopped, "stopped while it was starting", nil)
	l.tell(errAskedToStop)
	return nil
}

// stay goes on with the old instance, which answers calls again if it did not meanwhile.
func (l *life) stay(next *spec, err error) phase {
	if l.current == nil { // it was ended for the new one
		l.refuse(next, err)
		return l.backTo(l.spec, nil, "the new version was refused: "+headline(err), err)
	}
	l.p.serving.Store(l.current)
	var busy *busyError
	if errors.As(err, &busy) || l.current.isOver() { // nothing is known against the new one
		return l.tryLater(next, err)
	}
	l.refuse(next, err)
	return l.keep(fmt.Sprintf("%s goes on: the reload was refused: %s", l.spec.titled(), headline(err)), err)
}

// isOver reports whether an instance can answer nothing more, though nobody may have seen to it yet.
func (i *instance) isOver() bool { return i.conn.Err() != nil || !i.active() }

// titled is the version, for texts about one plugin.
func (s *spec) titled() string {
	if s.version == "" {
		return "the old instance"
	}
	return s.version
}

// successor prepares an instance of next, up to the moment in which it can answer calls. After an error nothing is left of it, and old is
// as it was, or gone.
func (l *life) successor(old *instance, next *spec) (*instance, error) {
	switch {
	case next.reload.Mode == manifest.ReloadRestart:
		return l.startInstead(old, next)
	case next.reload.Mode == manifest.ReloadHandoff && !next.foreign():
		return l.startBy(next, func(ctx context.Context, fresh *instance) error { return l.handOff(ctx, old, fresh) })
	}
	return l.startBy(next, func(ctx context.Context, fresh *instance) error {
		if err := fresh.begin(ctx); err != nil {
			return err
		}
		return l.handOver(ctx, old, fresh)
	})
}

// startBy launches beside what runs, and prepares the instance with what is then to be done, after whose error nothing is left of it.
func (l *life) startBy(next *spec, prepare func(context.Context, *instance) error) (*instance, error) {
	return l.launching(next, func(ctx context.Context, fresh *instance) error {
		err := fresh.succeeds(l.current)
		if err == nil {
			err = prepare(ctx, fresh)
		}
		if err != nil {
			fresh.discard()
		}
		return err
	})
}

// startInstead ends what runs, and only then starts what is to run. Calls wait meanwhile.
func (l *life) startInstead(old *instance, next *spec) (*instance, error) {
	l.release()
	l.drop()
	old.stop()
	return l.launchReady(next)
}

// discard ends an instance that never answered calls. Doing it again changes nothing.
func (i *instance) discard() {
	i.asked.Store(true)
	if i.active() {
		_ = i.conn.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop})
		i.awaitExit()
	}
	i.bury("")
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
	}
	if err := ask(ctx, old, lifecycle.FeatureRelease, lifecycle.Release, lifecycle.None{}); err != nil {
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
	}
	return err
}

// A busyError is why a plugin was not quiet in time.
type busyError struct{ why error }

func (e *busyError) Error() string { return "it is not idle for a moment: " + e.why.Error() }
func (e *busyError) Unwrap() error { return e.why }

var errImpatient = errors.New("a call that waits would lose half of its time")

// quiesce has new calls wait and returns when nothing runs in the old instance any more. On an error they go to the old instance again.
func (l *life) quiesce(ctx context.Context, old *instance) error {
	limit := time.Duration(l.spec.reload.Quiesce)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(limit, func() { cancel(fmt.Errorf("calls are in flight after %s (reload.quiesce)", limit)) })
	defer timer.Stop()
	drainToken(l.p.impatient)
	l.p.serving.Store(nil)
	go func() {
		select {
		case <-l.p.impatient:
			cancel(errImpatient)
		case <-ctx.Done():
		}
	}()
	err := old.quiet(ctx)
	if err == nil {
		return nil
	}
	l.p.serving.Store(old)
	l.p.poke()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &busyError{err}
}

// quiet waits until nothing that was sent to an instance, or is about to be, is unanswered. It is picked no more.
func (i *instance) quiet(ctx context.Context) error {
	err := i.held.await(ctx)
	if err == nil {
		err = i.conn.Drain(ctx)
	}
	if err == nil {
		err = i.conn.AwaitNotices(ctx)
	}
	return err
}

func drainToken(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// swap has the new instance answer all calls that begin from now on. The old one finishes what it has.
func (l *life) swap(old, fresh *instance, next *spec) {
	before := l.spec
	l.stopRetrying()
	l.tries = 0
	if l.current == nil { // it ended before its successor began
		old = nil
	}
	if old != nil {
		fresh.follows(old)
		l.watch.end()
	}
	l.spec = next
	l.crashes.forget()
	l.adopt(fresh)
	if old != nil {
		old.noteServing(false)
	}
	l.p.move(Ready, reloadedText(before, next), nil)
	l.prove(old, before)
	l.tell(nil)
}

func reloadedText(before, next *spec) string {
	if before.version == next.version {
		return "reloaded"
	}
	return fmt.Sprintf("reloaded: %s follows %s", next.titled(), before.titled())
}

// follows has notices to i wait until old, which is about to part, has handled its own.
func (i *instance) follows(old *instance) {
	turn := make(chan struct{})
	i.turn = turn
	go func() {
		defer close(turn)
		<-old.parted
		_ = old.conn.AwaitNotices(context.Background()) // ends with the connection
	}()
}

const (
	firstRetry = 100 * time.Millisecond // after a reload that found the plugin busy; doubled each time
	lastRetry  = 30 * time.Second
)

// tryLater notes a reload that found the plugin busy, or at its end.
func (l *life) tryLater(next *spec, err error) phase {
	l.tries++
	delay := backoff(l.tries, firstRetry, lastRetry)
	l.put, l.retry = &wish{spec: next, reason: "the reload is tried again", anew: true}, time.NewTimer(delay)
	return l.keep(fmt.Sprintf("%s goes on: the reload is tried again in %s: %s", l.spec.titled(), delay, headline(err)), err)
}

func (l *life) tryAgain() phase {
	w := l.put
	l.put = nil
	return l.change(w)
}

func (l *life) stopRetrying() {
	if l.retry != nil {
		l.retry.Stop()
		l.retry = nil
	}
	l.put = nil
}
