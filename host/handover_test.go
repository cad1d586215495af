package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// A tally is a fake that counts calls, and hands its count over.
type tally struct {
	fake

	mu  sync.Mutex // guards all below
	n   int
	log []string // its hooks, in order
}

func newTally() *tally {
	t := &tally{}
	t.Handlers = []rpc.Handler{echo.Handle(func(context.Context, string) (string, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.n++
		return fmt.Sprint(t.n), nil
	})}
	t.Snapshot = func(context.Context) (lifecycle.State, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		return lifecycle.State{Schema: "n", Data: []byte(fmt.Sprint(t.n))}, nil
	}
	t.Restore = func(_ context.Context, s lifecycle.State) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		_, err := fmt.Sscan(string(s.Data), &t.n)
		return err
	}
	return t
}

// does adds a hook's name to the log.
func (t *tally) does(what string, err error) func(context.Context) error {
	return func(context.Context) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.log = append(t.log, what)
		return err
	}
}

func (t *tally) hooks() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.log)
}

// count calls a tally.
func count(t *testing.T, p rpc.Peer) string {
	t.Helper()
	n, err := echo.Call(t.Context(), p, "")
	if err != nil {
		t.Errorf("count: %v", err)
	}
	return n
}

func TestStateIsHandedOverAndNoCallIsLostOrCountedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake)
		p := w.open().Plugin("one")
		const callers, calls = 4, 50
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range calls {
					count(t, p)
					time.Sleep(time.Millisecond)
				}
			})
		}
		for i := range 5 {
			time.Sleep(7 * time.Millisecond)
			w.release(fmt.Sprintf("1.%d.0", i+1), "one", &newTally().fake)
			w.reload(p)
		}
		all.Wait()
		if got := count(t, p); got != fmt.Sprint(callers*calls+1) || p.Status().Generation != 6 {
			t.Errorf("counted %s, expected %d; %+v", got, callers*calls+1, p.Status())
		}
	})
}

func TestAPluginThatIsNotIdleInTimeIsReloadedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := newTally()
		release := make(chan struct{})
		busy.Handlers = append(busy.Handlers, hang.Handle(func(context.Context, string) (string, error) { <-release; return "", nil }))
		w.add("one", &busy.fake, members{"reload": members{"quiesce": "50ms"}})
		p := w.open().Plugin("one")
		count(t, p)
		flying := make(chan error, 1)
		go func() {
			_, err := hang.Call(t.Context(), p, "")
			flying <- err
		}()
		synctest.Wait()
		fresh := newTally()
		fresh.Handlers = append(fresh.Handlers, hang.Handle(hanging))
		w.release("1.1.0", "one", &fresh.fake)
		err := p.Reload(t.Context())
		if err == nil || !strings.Contains(err.Error(), "calls are in flight after 50ms (reload.quiesce)") {
			t.Errorf("reload of a busy plugin: %v", err)
		}
		if got := count(t, p); got != "2" || p.Status().Version != "1.0.0" {
			t.Errorf("counted %s; %+v", got, p.Status())
		}
		close(release)
		if err := <-flying; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		time.Sleep(time.Minute)
		if got := count(t, p); got != "3" || p.Status().Version != "1.1.0" {
			t.Errorf("a minute later: counted %s; %+v", got, p.Status())
		}
	})
}

func TestACallThatWaitsForAQuiesceLosesAtMostHalfOfItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := newTally()
		busy.Handlers = append(busy.Handlers, hang.Handle(hanging))
		w.add("one", &busy.fake, members{"reload": members{"quiesce": "10s"}})
		p := w.open().Plugin("one")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = hang.Call(ctx, p, "") }()
		synctest.Wait()
		w.release("1.1.0", "one", &busy.fake)
		reloaded := make(chan error, 1)
		go func() { reloaded <- p.Reload(t.Context()) }()
		synctest.Wait() // it quiesces
		hurried, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		begun := time.Now()
		if _, err := echo.Call(hurried, p, ""); err != nil || time.Since(begun) != time.Second {
			t.Errorf("a call with 2 s to live: %v after %s", err, time.Since(begun))
		}
		if err := <-reloaded; err == nil || !strings.Contains(err.Error(), "a call that waits would lose half of its time") {
			t.Errorf("reload: %v", err)
		}
	})
}

func TestAVersionThatCannotRestoreIsRefusedAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake)
		p := w.open().Plugin("one")
		count(t, p)
		fresh := newTally()
		fresh.Restore = func(context.Context, lifecycle.State) error { return errors.New("schema n is not known") }
		w.release("1.1.0", "one", &fresh.fake)
		if err := p.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "its Restore hook: schema n is not known") {
			t.Errorf("reload: %v", err)
		}
		if got := count(t, p); got != "2" {
			t.Errorf("counted %s", got)
		}
	})
}

func TestHandoffReleasesTheOldInstanceBeforeTheNewOneStarts(t *testing.T) {
	for name, fails := range map[string]bool{"it comes up": false, "it does not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				old, fresh := newTally(), newTally()
				old.Start, old.Release, old.Resume = old.does("start", nil), old.does("release", nil), old.does("resume", nil)
				w.add("one", &old.fake, members{"reload": members{"mode": "handoff"}})
				p := w.open().Plugin("one")
				count(t, p)
				fresh.Start = func(ctx context.Context) error {
					if got := old.hooks(); !slices.Equal(got, []string{"start", "release"}) {
						t.Errorf("the new one starts after %v", got)
					}
					if fails {
						return errors.New("port taken")
					}
					return nil
				}
				w.release("1.1.0", "one", &fresh.fake, members{"reload": members{"mode": "handoff"}})
				err := p.Reload(t.Context())
				hooks, version := []string{"start", "release"}, "1.1.0"
				if fails {
					hooks, version = append(hooks, "resume"), "1.0.0"
				}
				if fails != (err != nil) || fails && !strings.Contains(err.Error(), "port taken") {
					t.Errorf("reload: %v", err)
				}
				if got := count(t, p); got != "2" || p.Status().Version != version || !slices.Equal(old.hooks(), hooks) {
					t.Errorf("counted %s; %v; %+v", got, old.hooks(), p.Status())
				}
			})
		})
	}
}

func TestRestartEndsTheOldInstanceFirstAndCallsWait(t *testing.T) {
	for name, fails := range map[string]bool{"it comes up": false, "it does not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				mode := members{"reload": members{"mode": "restart"}}
				old := w.add("one", &fake{Handlers: []rpc.Handler{named("old")}}, mode)
				p := w.open().Plugin("one")
				first := old.Launched()
				answered := make(chan string, 1)
				fresh := &fake{Handlers: []rpc.Handler{named("new")}, Start: func(context.Context) error {
					if first.Active() {
						t.Error("the old process runs beside the new one")
					}
					go func() { answered <- who(t, p) }()
					time.Sleep(time.Second)
					if fails {
						w.Add("one", old) // what the copy of 1.0.0 in the store is
						return errors.New("no disk")
					}
					return nil
				}}
				w.release("1.1.0", "one", fresh, mode)
				err := p.Reload(t.Context())
				want, version := "new", "1.1.0"
				if fails {
					want, version = "old", "1.0.0"
				}
				if got := <-answered; got != want || fails != (err != nil) || p.Status().Version != version {
					t.Errorf("%q answers; %v; %+v", got, err, p.Status())
				}
			})
		})
	}
}

func TestConfigurationOfTheHostGoesBeforeTheManifestsAndReachesTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var got []string
		f := &fake{Configure: func(_ context.Context, config json.RawMessage) error {
			got = append(got, string(config))
			return nil
		}}
		w.config.Plugins = map[string]host.Settings{"one": {Config: json.RawMessage(`{"theme":"dark"}`)}}
		w.add("one", f, members{"config": members{"default": members{"theme": "light", "width": 80}}})
		w.open()
		if want := []string{`{"theme":"dark","width":80}`}; !slices.Equal(got, want) {
			t.Errorf("configured with %v, expected %v", got, want)
		}
	})
}

func TestOnACrashWithStateTheRollbackSettingDecides(t *testing.T) {
	for rule, want := range map[string]string{"restart": "1.1.0", "stale": "1.0.0"} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"reload": members{"rollback": rule}, "restart": members{}}
				w.add("one", &newTally().fake, how)
				p := w.open().Plugin("one")
				count(t, p)
				fresh := newTally()
				w.release("1.1.0", "one", &fresh.fake, how)
				w.reload(p)
				count(t, p)
				time.Sleep(time.Second)
				fresh.Launched().Exit(1, "")
				synctest.Wait()
				count(t, p)
				s := p.Status()
				if s.Version != want || rule == "stale" && !strings.Contains(s.Reason, "its state is that of 1s ago") {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestASickVersionOnProbationHandsItsStateBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"health": members{"interval": "1s", "misses": 2}}
		w.add("one", &newTally().fake, how)
		p := w.open().Plugin("one")
		count(t, p)
		fresh := newTally()
		fresh.Health = func(context.Context) error { return errors.New("no database") }
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		count(t, p)
		time.Sleep(3 * time.Second)
		if got := count(t, p); got != "3" || p.Status().Version != "1.0.0" || !strings.Contains(p.Status().Reason, "it missed 2 health checks in a row (health.misses): its Health hook: no database") {
			t.Errorf("counted %s; %+v", got, p.Status())
		}
	})
}

func TestASickVersionHandsItsStateBackThoughTheParkedProcessIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		how := members{"health": members{"interval": "1s", "misses": 2}}
		old := newTally()
		w.add("one", &old.fake, how)
		p := w.open().Plugin("one")
		count(t, p)
		fresh := newTally()
		fresh.Health = func(context.Context) error { return errors.New("no database") }
		w.release("1.1.0", "one", &fresh.fake, how)
		w.reload(p)
		count(t, p)
		old.Launched().Exit(9, "")
		w.Add("one", &newTally().fake) // what the copy of 1.0.0 in the store is
		time.Sleep(3 * time.Second)
		if got := count(t, p); got != "3" || p.Status().Version != "1.0.0" {
			t.Errorf("counted %s; %+v", got, p.Status())
		}
	})
}

// A call may be in the sick version when that says what it knows: then it is answered first, or not at all.
func TestWhatASickVersionAnswersIsInTheStateThatItHandsBack(t *testing.T) {
	for what, calls := range map[string]rpc.Method[string, string]{"calls that end": echo, "a call that does not": hang} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"health": members{"interval": "1s", "misses": 2}}
				old := slowTally()
				restore := old.Restore
				old.Restore = func(ctx context.Context, s lifecycle.State) error {
					time.Sleep(100 * time.Millisecond)
					return restore(ctx, s)
				}
				w.add("one", &old.fake, how)
				p := w.open().Plugin("one")
				fresh := slowTally()
				fresh.Health = func(context.Context) error { return errors.New("no database") }
				w.release("1.1.0", "one", &fresh.fake, how)
				w.reload(p)
				answered, err := 0, error(nil)
				for end := time.Now().Add(2*time.Second + 200*time.Millisecond); err == nil && time.Now().Before(end); {
					if _, err = calls.Call(t.Context(), p, ""); err == nil {
						answered++
					}
				}
				if calls == hang != (err != nil) || err != nil && (rpc.CodeOf(err) != rpc.Unavailable || rpc.Delivered(err) != rpc.PerhapsDelivered ||
					!strings.Contains(err.Error(), "its plugin failed its health checks, and the version before answers again")) {
					t.Errorf("%d answers, then %v", answered, err)
				}
				if got := count(t, p); got != fmt.Sprint(answered+1) || p.Status().Version != "1.0.0" {
					t.Errorf("counted %s behind %d; %+v", got, answered, p.Status())
				}
			})
		})
	}
}

// slowTally is a tally that counts behind 30 ms, and also hangs.
func slowTally() *tally {
	t := newTally()
	t.Middleware = []rpc.Middleware{func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if d == rpc.Incoming && m.Type == string(echo) {
			time.Sleep(30 * time.Millisecond)
		}
		return m, nil
	}}
	t.Handlers = append(t.Handlers, hang.Handle(hanging))
	return t
}
