package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	case l.refused[print] == nil:
	case sameText(l.amiss, l.refused[print]):
		l.tell(l.amiss)
		return l.serving
	default:
		return l.keep(l.spec.titled()+" goes on: "+knownBadText+headline(l.refused[print]), l.refused[print])
	}
	return l.reload(next, w.reason)
}

// keep goes on with what runs. err is why that is not what is installed; nil: it is.
func (l *life) keep(reason string, err error) phase {
	l.amiss = err
	l.p.move(Ready, reason, err)
	l.tell(err)
	return l.serving
}

// retune takes over settings for which the process need not be another.
func (l *life) retune(next *spec) phase {
	l.tries = 0
	before := l.spec
	l.adoptSpec(next)
	l.watch.over(l.current, next)
	samePermits := slices.Equal(before.permits.asks, next.permits.asks)
	if !samePermits {
		l.current.warnOfUses()
	}
	switch {
	case before.sameConfig(next) && !samePermits:
		return l.keep("it has other permissions", nil)
	case before.sameConfig(next) && l.amiss != nil:
		return l.keep("what is installed is what runs, again", nil)
	case before.sameConfig(next):
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
	l.known = nil
	var fresh *instance
	err := l.p.awaitRequired(next, true)
	if err == nil {
		fresh, err = l.successor(old, next)
	}
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
		return l.backTo(l.spec, l.known, "the new version was refused: "+headline(err), err)
	}
	l.p.serving.Store(l.current)
	var busy *busyError
	switch {
	case errors.Is(err, errUnwanted):
		return l.keep(l.spec.titled()+" goes on: the reload was given up: "+err.Error(), err)
	case errors.As(err, &busy) || l.current.isOver(): // nothing is known against the new one
		return l.tryLater(next, err)
	}
	l.tries = 0
	l.refuse(next, err)
	l.postpone(next, err)
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

// startInstead ends what runs, and only then starts what is to run, which is told what the old one knew. Calls wait meanwhile.
func (l *life) startInstead(old *instance, next *spec) (*instance, error) {
	ctx, cancel := context.WithTimeoutCause(l.p.asked, next.timeouts.Start, tooLate(next.timeouts.Start))
	defer cancel()
	if _, err := old.tell(ctx); err != nil { // on trial: it can still go on
		return nil, err
	}
	l.release()
	l.drop()
	known, err := old.finish()
	if err != nil {
		old.log.Error("its successor begins without its state", "reason", err.Error())
	}
	l.known = known
	return l.launching(next, func(ctx context.Context, i *instance) error { return i.beginWith(ctx, known) })
}

// discard ends an instance that never answered calls. Doing it again changes nothing. One that reads nothing may leave no room for a goodbye.
func (i *instance) discard() {
	i.asked.Store(true)
	if i.active() {
		ctx, cancel := context.WithTimeout(context.Background(), lastWord)
		_ = i.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
		cancel()
		i.awaitExit()
	}
	i.bury("")
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
	l.amiss = nil
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
