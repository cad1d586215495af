package host_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// whoAmI is answered with the name of the fake that answers.
const whoAmI rpc.Query[string, string] = "kit.who"

func named(name string) rpc.Handler {
	return whoAmI.Handle(func(context.Context, string) (string, error) { return name, nil })
}

// who asks a plugin which fake answers.
func who(t *testing.T, p rpc.Peer) string {
	t.Helper()
	name, err := whoAmI.Call(t.Context(), p, "")
	if err != nil {
		t.Errorf("who: %v", err)
	}
	return name
}

// release installs another version of a plugin, which f is.
func (w *world) release(version string, name string, f *fake, more ...members) *fake {
	return w.add(name, f, append([]members{{"version": version}}, more...)...)
}

func (w *world) reload(p *host.Plugin) {
	w.t.Helper()
	if err := p.Reload(w.t.Context()); err != nil {
		w.t.Errorf("reload: %v", err)
	}
}

func TestAReloadAnswersCallsInFlightFromTheOldInstanceAndLaterOnesFromTheNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		slow := hang.Handle(func(context.Context, string) (string, error) { <-release; return "old", nil })
		w.add("one", &fake{Handlers: []rpc.Handler{named("old"), slow}})
		p := w.open().Plugin("one")
		flying := make(chan string, 1)
		go func() {
			answer, err := hang.Call(t.Context(), p, "")
			flying <- fmt.Sprint(answer, err)
		}()
		synctest.Wait()
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("new"), hang.Handle(hanging)}})
		w.reload(p)
		if got := who(t, p); got != "new" {
			t.Errorf("after the reload %q answers", got)
		}
		if s := p.Status(); s.State != host.Ready || s.Generation != 2 || s.Version != "1.1.0" || s.Reason != "reloaded: 1.1.0 follows 1.0.0" {
			t.Errorf("%+v", s)
		}
		close(release)
		if got := <-flying; got != "old<nil>" {
			t.Errorf("the call in flight got %s", got)
		}
	})
}

func TestAVersionThatDoesNotComeUpIsRefusedAndTheOldOneGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		fresh *fake
		want  string
	}{
		"its start hook fails": {&fake{Handlers: []rpc.Handler{named("new")}, Start: func(context.Context) error { return errors.New("no disk") }}, "its Start hook: no disk"},
		"a message is gone":    {&fake{}, `it does not answer all that 1.0.0 answers: message "kit.who" is used here and not handled there`},
		"a message has another type": {&fake{Handlers: []rpc.Handler{rpc.Query[string, int](whoAmI).Handle(func(context.Context, string) (int, error) { return 1, nil })}},
			`it does not answer all that 1.0.0 answers: message "kit.who"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
				p := w.open().Plugin("one")
				w.release("1.1.0", "one", c.fresh)
				err := p.Reload(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("reload: %v, expected %q", err, c.want)
				}
				s := p.Status()
				if got := who(t, p); got != "old" || s.State != host.Ready || s.Version != "1.0.0" || s.Generation != 1 || !strings.Contains(s.Reason, "1.0.0 goes on: the reload was refused: ") {
					t.Errorf("%q answers; %+v", got, s)
				}
				if c.fresh.Launched().Active() {
					t.Error("the refused process still runs")
				}
			})
		})
	}
}

func TestANewVersionThatCrashesOnProbationIsRolledBack(t *testing.T) {
	for _, parks := range []bool{true, false} {
		t.Run(fmt.Sprintf("parked=%v", parks), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				old := w.add("one", &fake{Handlers: []rpc.Handler{named("old")}, NoPark: !parks})
				p := w.open().Plugin("one")
				first := old.Launched()
				fresh := &fake{}
				fresh.Handlers = []rpc.Handler{whoAmI.Handle(func(ctx context.Context, _ string) (string, error) {
					fresh.Launched().Exit(3, "", "no table")
					return hanging(ctx, "")
				})}
				w.release("1.1.0", "one", fresh)
				w.reload(p)
				w.Add("one", old)                   // what the copy of 1.0.0 in the store is
				if got := who(t, p); got != "old" { // a Query: it is asked again
					t.Errorf("%q answers", got)
				}
				s := p.Status()
				if s.State != host.Ready || s.Version != "1.0.0" || !strings.Contains(s.Reason, "rolled back to 1.0.0: 1.1.0 broke on probation: it ended while it was serving: exit status 3") {
					t.Errorf("%+v", s)
				}
				if same := old.Launched() == first; same != parks {
					t.Errorf("the same process came back: %v, expected %v", same, parks)
				}
				if s.Active != true || !strings.Contains(s.Error, "no table") {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestWhatPassesItsProbationHasNoWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		old := w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
		p := w.open().Plugin("one")
		fresh := w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("new")}})
		w.reload(p)
		parked := old.Launched()
		time.Sleep(9 * time.Second)
		if !parked.Active() {
			t.Error("the old process ended during the probation")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if parked.Active() {
			t.Error("the old process runs after the probation")
		}
		fresh.Launched().Exit(1, "")
		synctest.Wait()
		if s := p.Status(); s.State != host.Failed || s.Version != "1.1.0" {
			t.Errorf("%+v", s)
		}
	})
}

func TestACrashedPluginIsStartedAgainUnderBackoffAndQuarantinedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, members{"restart": members{"max": 3}})
		h := w.open()
		p := h.Plugin("one")
		var events []string
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			for e := range h.Events(t.Context()) {
				events = append(events, string(e.To))
				if e.To == host.Quarantined {
					return
				}
			}
		}()
		synctest.Wait()
		for range 3 {
			f.Launched().Exit(1, "")
			synctest.Wait()
			if s := p.Status(); s.State != host.Backoff {
				t.Fatalf("after a crash: %+v", s)
			}
			if got := who(t, p); got != "one" { // it waits
				t.Fatalf("%q answers", got)
			}
		}
		f.Launched().Exit(1, "", "out of cheese")
		<-seen
		want := "backoff starting ready backoff starting ready backoff starting ready quarantined"
		if got := strings.Join(events, " "); got != want {
			t.Errorf("events: %s", got)
		}
		_, err := whoAmI.Call(t.Context(), p, "")
		if !errors.Is(err, rpc.Unavailable) || !strings.Contains(err.Error(), "out of cheese") || !strings.Contains(p.Status().Reason, "it crashed 4 times within 1m0s (restart.max, restart.window)") {
			t.Errorf("quarantined: %v; %s", err, p.Status().Reason)
		}
		if err := p.Enable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := who(t, p); got != "one" {
			t.Errorf("after Enable %q answers", got)
		}
	})
}

func TestAPluginThatMissesItsHealthChecksIsEndedAndStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, members{"restart": members{}, "health": members{"interval": "1s", "misses": 2}})
		p := w.open().Plugin("one")
		before := f.Launched()
		before.Freeze()
		time.Sleep(10 * time.Second)
		if got := who(t, p); got != "one" || before.Active() || p.Status().Generation != 2 {
			t.Errorf("%q answers, the frozen process runs: %v; %+v", got, before.Active(), p.Status())
		}
	})
}

func TestALazyPluginIsStartedByItsFirstCallAndStoppedWhenUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, members{"activation": "lazy", "idle": "1m"})
		p := w.open().Plugin("one")
		if s := p.Status(); s.State != host.Idle || f.Launched() != nil {
			t.Fatalf("before its first call: %+v", s)
		}
		for range 3 {
			if got := who(t, p); got != "one" {
				t.Errorf("%q answers", got)
			}
			time.Sleep(50 * time.Second)
		}
		if s := p.Status(); s.Generation != 1 || s.State != host.Ready {
			t.Errorf("with a call every 50 s: %+v", s)
		}
		time.Sleep(30 * time.Second)
		if s := p.Status(); s.State != host.Idle || s.Active {
			t.Errorf("unused for 80 s: %+v", s)
		}
		if got := who(t, p); got != "one" || p.Status().Generation != 2 {
			t.Errorf("%q answers; %+v", got, p.Status())
		}
	})
}

func TestNoticesStayInOrderAcrossAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var got []string
		takes := func(pause time.Duration) rpc.Handler {
			return note.Handle(func(_ context.Context, s string) error {
				time.Sleep(pause)
				got = append(got, s)
				return nil
			})
		}
		w.add("one", &fake{Handlers: []rpc.Handler{takes(time.Second)}})
		p := w.open().Plugin("one")
		var want []string
		send := func() {
			want = append(want, fmt.Sprint(len(want)))
			if err := note.Send(t.Context(), p, want[len(want)-1]); err != nil {
				t.Error(err)
			}
		}
		for range 5 {
			send()
		}
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{takes(0)}})
		w.reload(p)
		for range 5 {
			send()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(got, want) {
			t.Errorf("handled %v", got)
		}
	})
}

func TestNoticesThatWaitForAReloadAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		w.add("one", &fake{Handlers: []rpc.Handler{note.Handle(func(context.Context, string) error { <-release; return nil })}})
		p := w.open().Plugin("one")
		if err := note.Send(t.Context(), p, "first"); err != nil {
			t.Fatal(err)
		}
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{note.Handle(func(context.Context, string) error { return nil })}})
		w.reload(p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		refused, sent := make(chan error, 2000), make(chan struct{}, 2000)
		for range 1025 {
			go func() {
				if err := note.Send(ctx, p, "later"); err != nil {
					refused <- err
					return
				}
				sent <- struct{}{}
			}()
		}
		time.Sleep(500 * time.Millisecond)
		close(release)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(refused)+len(sent) != 1025 || len(refused) > 1 {
			t.Errorf("%d were sent, %d were refused", len(sent), len(refused))
		}
	})
}
