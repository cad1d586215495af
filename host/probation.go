package host

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

// A trial is the probation of a new version: until it is over, there is a way back.
type trial struct {
	fallback *spec         // where it leads: the last version that passed
	since    time.Time     // when that version answered its last call
	standby  *instance     // its process, which is parked; nil: there is none, and fallback is launched anew
	parked   chan struct{} // closed when standby's connection is over
	timer    *time.Timer   // to its end
	keeps    bool          // what is on probation was given the state, and could give it back
	apart    bool          // somebody has heard of what it did since: the state of fallback is an older one
}

// over is ready when the probation has passed.
func (t *trial) over() <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.timer.C
}

// prove begins the probation of what answers calls now. old is what did before; nil: it is gone.
func (l *life) prove(old *instance, before *spec) {
	window := time.Duration(l.spec.reload.RollbackWindow)
	switch {
	case window == 0:
		l.drop()
	case l.trial == nil:
		t := &trial{fallback: before, since: time.Now(), timer: time.NewTimer(window), keeps: l.current.feature(lifecycle.FeatureSnapshot)}
		l.trial = t
		if old != nil && old.parks() {
			t.keeps = l.current.keepsState(old)
			t.standby, t.parked = old, make(chan struct{})
			l.endings.Go(func() { old.park(window, t.parked) })
			return
		}
	default: // old was on probation itself: the way back is the same
		l.trial.timer.Reset(window)
		l.trial.apart = l.trial.apart || old == nil || old.isKnown()
	}
	if old != nil {
		l.endings.Go(old.retire)
	}
}

// parks reports whether the process can be parked.
func (i *instance) parks() bool { return !i.spec.foreign() && i.feature(lifecycle.FeaturePark) }

const replaced = "its plugin was replaced and the drain time-out has passed"

// retire ends an instance that has a successor.
func (i *instance) retire() {
	i.part(rpc.Goodbye{Then: rpc.GoodbyeStop}, rpc.Moved, replaced)
	i.quit()
}

// leaseMargin is how much longer than the probation a parked plugin stays by itself: the host ends it, unless it has forgotten it.
const leaseMargin = time.Minute

// park ends the connection to an instance that has a successor, and leaves its process as it is.
func (i *instance) park(window time.Duration, parked chan<- struct{}) {
	defer close(parked)
	i.part(rpc.Goodbye{Then: rpc.GoodbyePark, Lease: 2*window + leaseMargin}, rpc.Moved, replaced)
	i.conn.Close()
}

// unpark ends a parked process.
func (t *trial) unpark() {
	<-t.parked
	t.standby.asked.Store(true)
	if t.standby.active() {
		_ = t.standby.proc.Terminate()
		t.standby.awaitExit()
	}
	t.standby.bury("")
}

// pass ends a probation: there is no way back any more.
func (l *life) pass() {
	l.drop()
	reason := l.spec.titled() + " has passed its probation"
	if l.amiss != nil {
		reason += "; what is installed now does not run: " + headline(l.amiss)
	}
	l.p.move(Ready, reason, l.amiss)
}

// drop gives up the way back, if there is one.
func (l *life) drop() {
	t := l.trial
	l.trial = nil
	if t == nil {
		return
	}
	t.timer.Stop()
	if t.standby != nil {
		l.endings.Go(t.unpark)
	}
}

// leadsBack reports whether the version before is what follows what bad did. It is, unless that takes back what somebody was told, and nobody
// has said that it may. known is what bad still says of its state; nil: nothing.
func (t *trial) leadsBack(bad *instance, known *lifecycle.State) bool {
	t.apart = t.apart || bad.isKnown()
	return !t.keeps || !t.apart || known != nil || bad.spec.reload.Rollback == manifest.RollbackStale
}

// isKnown reports whether anybody outside has an answer of this instance, or its word that a notice is handled.
func (i *instance) isKnown() bool {
	return i.answered.Load() || i.notified.Load() > int64(i.conn.Stats().Unacknowledged)
}

// rollBack has the last version that passed answer calls again. What broke on probation has ended; known is what it still said of its state.
func (l *life) rollBack(reason string, cause error, known *lifecycle.State) phase {
	t := l.trial
	l.trial = nil
	t.timer.Stop()
	l.refuse(l.spec, cause)
	why := fmt.Sprintf("%s broke on probation: %s", l.spec.titled(), reason)
	back, err := t.comeBack(l.p.asked, known)
	if err != nil {
		l.p.env.log().Warn("the parked instance does not come back", "plugin", l.p.name, "reason", err.Error())
	}
	if back == nil {
		if t.standby != nil {
			l.endings.Go(t.unpark)
		}
		return l.backTo(t.fallback, known, why, cause)
	}
	l.spec = t.fallback
	l.adopt(back)
	if t.keeps && t.apart && known == nil {
		why += fmt.Sprintf("; its state is that of %s ago", time.Since(t.since).Round(time.Millisecond))
	}
	return l.keep(fmt.Sprintf("rolled back to %s: %s", t.fallback.titled(), why), cause)
}

// backTo launches a version from its copy in the store, after what was to replace it has failed. known is the state that it is to have; nil: none.
func (l *life) backTo(s *spec, known *lifecycle.State, why string, cause error) phase {
	if l.p.is(Ready) {
		l.p.move(Reloading, why, cause)
	}
	l.spec = s
	i, err := l.launching(s, func(ctx context.Context, i *instance) error { return i.beginWith(ctx, known) })
	if err != nil {
		l.adoptSpec(s)
		if l.p.asked.Err() != nil {
			l.p.move(Stopped, "stopped while it was starting", nil)
			l.tell(errAskedToStop)
			return nil
		}
		return l.broke("could not go back to "+s.titled()+": "+headline(err)+"; "+why, err)
	}
	l.adopt(i)
	return l.keep(fmt.Sprintf("rolled back to %s: %s", s.titled(), why), cause)
}

// beginWith is begin, and has the instance know what the one before it did. On an error nothing is left of it.
func (i *instance) beginWith(ctx context.Context, known *lifecycle.State) error {
	err := i.begin(ctx)
	if err != nil || known == nil {
		return err
	}
	if err = i.restore(ctx, *known); err != nil {
		i.discard()
	}
	return err
}

// answersSoon is how long a parked process has to answer the handshake, which it does in a moment unless something holds it: its copy is started else.
const answersSoon = 3 * time.Second

// comeBack connects to the parked process, which takes again what it had given up, and has it know what the new version did; nil: there is
// none any more, or, with an error, it cannot.
func (t *trial) comeBack(ctx context.Context, known *lifecycle.State) (*instance, error) {
	if t.standby == nil || !t.standby.active() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.fallback.timeouts.Start)
	defer cancel()
	soon, stop := context.WithTimeout(ctx, answersSoon)
	defer stop()
	back, err := t.standby.again(soon)
	if err != nil {
		return nil, err
	}
	if back.released.Load() {
		err = back.resume(ctx)
	}
	if err == nil && known != nil {
		err = back.restore(ctx, *known)
	}
	if err != nil {
		back.conn.Close()
		return nil, err
	}
	return back, nil
}

const (
	lastCalls   = 500 * time.Millisecond // how long calls to a sick instance have to be answered, before it says what it knows,
	lastMessage = time.Second            // and how long it has for that
)

// lastWords are what a sick instance knows; nil if it does not say so any more. All that it has answered is in it, since what it has not by then
// is ended.
func (i *instance) lastWords(ctx context.Context) *lifecycle.State {
	patience, stop := context.WithTimeout(ctx, lastCalls)
	defer stop()
	if err := i.quiet(patience); err != nil {
		i.conn.CancelCalls(rpc.Unavailable, "its plugin failed its health checks, and the version before answers again")
	}
	patience, stop = context.WithTimeout(ctx, lastMessage)
	defer stop()
	state, err := i.snapshot(patience)
	if err != nil {
		return nil
	}
	return &state
}

// again connects to a process whose connection was ended, or is about to: its memory is what it was.
func (i *instance) again(ctx context.Context) (*instance, error) {
	next := newInstance(i.process)
	err := next.whileAlive(ctx, func(ctx context.Context) error {
		c, err := i.env.processes.Dial(ctx, i.socket)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", i.socket, err)
		}
		stream := wire.NewStream(c)
		hello, err := next.handshake(ctx, stream)
		if err != nil {
			c.Close()
			return err
		}
		next.hello = hello
		next.conn = next.newConn(stream)
		return nil
	})
	if err != nil {
		return nil, err
	}
	i.asked.Store(false)
	return next, nil
}
