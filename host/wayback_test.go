package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// fatal is a handler of hang whose process ends, unanswered.
func fatal(t *tally) rpc.Handler {
	return hang.Handle(func(ctx context.Context, _ string) (string, error) {
		t.Launched().Exit(9, "")
		<-ctx.Done()
		return "", ctx.Err()
	})
}

// What nobody has heard of is not taken back by a rollback: the parked state is the newest there is.
func TestAVersionThatCrashesAtItsFirstCallIsRolledBackWithAllState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"rollback": "restart"}, "restart": members{}}
		old := newTally()
		old.Handlers = append(old.Handlers, hang.Handle(hanging))
		w.add("one", &old.fake, how)
		p := w.open().Plugin("one")
		count(t, p)
		fresh := newTally()
		fresh.Handlers = append(fresh.Handlers, fatal(fresh))
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		if _, err := hang.Call(t.Context(), p, ""); err == nil {
			t.Error("a call in which the process ended was answered")
		}
		if got := count(t, p); got != "2" {
			t.Errorf("counted %s, expected 2: the parked instance knows of 1", got)
		}
		if s := p.Status(); s.Version != "1.0.0" || strings.Contains(s.Reason, "its state is that of") {
			t.Errorf("%+v", s)
		}
	})
}

// What it has answered is not taken back: it is started again, until that is of no use.
func TestAVersionThatKeepsCrashingIsRolledBackInTheEnd(t *testing.T) {
	for what, restart := range map[string]members{
		"too often": {"max": 2, "backoff": "100ms"},
		"no more":   {"policy": "never"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"reload": members{"rollback": "restart"}, "restart": restart}
				old := newTally()
				w.add("one", &old.fake, how)
				p := w.open().Plugin("one")
				count(t, p)
				fresh := newTally()
				w.release("1.1.0", "one", &fresh.fake, how)
				w.reload(p)
				for range 3 {
					if p.Status().Version != "1.1.0" {
						break
					}
					count(t, p)
					fresh.Launched().Exit(9, "")
					time.Sleep(5 * time.Second)
				}
				if got := count(t, p); got != "2" {
					t.Errorf("counted %s, expected 2: the parked instance knows of 1", got)
				}
				s := p.Status()
				if s.Version != "1.0.0" || s.State != host.Ready || !strings.Contains(s.Reason, "rolled back to 1.0.0: 1.1.0 broke on probation: ") || !strings.Contains(s.Reason, "its state is that of ") {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAReplacementOfWhatIsStartedAgainOnProbationHasTheSameWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"rollback": "restart"}, "restart": members{"backoff": "5s"}}
		w.add("one", &newTally().fake, how)
		p := w.open().Plugin("one")
		count(t, p)
		fresh := newTally()
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		count(t, p)
		fresh.Launched().Exit(9, "")
		synctest.Wait()
		w.release("1.2.0", "one", &fake{Start: func(context.Context) error { return rpc.Errorf(rpc.Invalid, "no") }}, how)
		if err := p.Reload(t.Context()); err == nil {
			t.Error("a version that does not start was taken")
		}
		if s := p.Status(); s.Version != "1.0.0" || s.State != host.Ready {
			t.Errorf("%+v", s)
		}
	})
}

func TestARollbackInModeHandoffTakesBackWhatWasReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"mode": "handoff"}}
		old := newTally()
		old.Snapshot, old.Restore = nil, nil
		fresh := newTally()
		fresh.Snapshot, fresh.Restore = nil, nil
		old.Release = old.does("release", nil)
		old.Resume = func(ctx context.Context) error {
			if fresh.Launched().Active() {
				t.Error("the version that broke still runs when the one before it takes back what only one process can have")
			}
			return old.does("resume", nil)(ctx)
		}
		w.add("one", &old.fake, how)
		p := w.open().Plugin("one")
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		fresh.Launched().Exit(9, "")
		time.Sleep(time.Second)
		count(t, p)
		if got, want := old.hooks(), []string{"release", "resume"}; !slices.Equal(got, want) || p.Status().Version != "1.0.0" {
			t.Errorf("hooks of the old version: %v, expected %v; %+v", got, want, p.Status())
		}
	})
}

func TestAParkedInstanceThatCannotTakeBackWhatItReleasedIsStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"mode": "handoff"}}
		old := newTally()
		old.Release = old.does("release", nil)
		old.Resume = old.does("resume", rpc.Errorf(rpc.Unavailable, "the port is taken"))
		w.add("one", &old.fake, how)
		p := w.open().Plugin("one")
		first := old.Launched()
		fresh := newTally()
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		broken := fresh.Launched()
		again := newTally()
		w.Add("one", &again.fake) // what the copy of 1.0.0 in the store is
		broken.Exit(9, "")
		time.Sleep(time.Second)
		count(t, p)
		if s := p.Status(); s.Version != "1.0.0" || s.State != host.Ready || first.Active() || again.Launched() == nil {
			t.Errorf("%+v", s)
		}
	})
}

func TestStateIsHandedOverInModeRestartToo(t *testing.T) {
	for what, fails := range map[string]bool{"to the new version": false, "back to the old one": true} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"reload": members{"mode": "restart"}}
				w.add("one", &newTally().fake, how)
				p := w.open().Plugin("one")
				count(t, p)
				fresh := newTally()
				fresh.Start = func(context.Context) error {
					if !fails {
						return nil
					}
					w.Add("one", &newTally().fake) // what the copy of 1.0.0 in the store is
					return errors.New("no disk")
				}
				w.release("1.1.0", "one", &fresh.fake, how)
				err := p.Reload(t.Context())
				if got := count(t, p); got != "2" || fails != (err != nil) {
					t.Errorf("counted %s, expected 2; %v; %+v", got, err, p.Status())
				}
			})
		})
	}
}

func TestInModeRestartAnInstanceThatCannotSayWhatItKnowsGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"reload": members{"mode": "restart"}}
		old := newTally()
		old.Snapshot = func(context.Context) (lifecycle.State, error) { return lifecycle.State{}, errors.New("too large") }
		w.add("one", &old.fake, how)
		p := w.open().Plugin("one")
		before := p.Status()
		w.release("1.1.0", "one", &newTally().fake, how)
		if err := p.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "1.0.0: its Snapshot hook: too large") {
			t.Errorf("%v", err)
		}
		if s := p.Status(); s.PID != before.PID || s.State != host.Ready {
			t.Errorf("%+v", s)
		}
	})
}

func TestAParkedInstanceThatIsHeldIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		old := newTally()
		w.add("one", &old.fake)
		p := w.open().Plugin("one")
		parked := old.Launched()
		fresh := newTally()
		w.release("1.1.0", "one", &fresh.fake)
		w.reload(p)
		time.Sleep(time.Second)
		parked.Freeze()
		w.Add("one", &newTally().fake) // what the copy of 1.0.0 in the store is
		begun := time.Now()
		fresh.Launched().Exit(9, "")
		synctest.Wait()
		if got := count(t, p); got != "1" || time.Since(begun) > 10*time.Second || p.Status().Version != "1.0.0" {
			t.Errorf("counted %s after %s; %+v", got, time.Since(begun), p.Status())
		}
	})
}
