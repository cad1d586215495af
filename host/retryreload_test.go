package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// ticks is answered with items without end.
const ticks rpc.Stream[string, string] = "kit.ticks"

// occupied opens a host whose plugin keeps state and has a call in flight, until release is closed.
func occupied(t *testing.T, w *world) (p *host.Plugin, busy *tally, release chan struct{}) {
	t.Helper()
	busy, release = newTally(), make(chan struct{})
	busy.Handlers = append(busy.Handlers, hang.Handle(func(context.Context, string) (string, error) { <-release; return "", nil }))
	w.add("one", &busy.fake, members{"reload": members{"quiesce": "50ms"}, "restart": members{"backoff": "1s"}})
	p = w.open().Plugin("one")
	go func() { _, _ = hang.Call(rpc.WithRetry(t.Context(), 0), p, "") }()
	synctest.Wait()
	return p, busy, release
}

// isBusy fails the test unless a reload finds the plugin busy.
func isBusy(t *testing.T, p *host.Plugin) {
	t.Helper()
	if err := p.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "calls are in flight") {
		t.Fatalf("reload of a busy plugin: %v", err)
	}
}

func TestAReloadOfABusyPluginIsTriedAgainAlsoIfNothingHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p, _, release := occupied(t, w)
		before := p.Status()
		isBusy(t, p)
		close(release)
		time.Sleep(time.Minute)
		if s := p.Status(); s.Generation == before.Generation || s.State != host.Ready {
			t.Errorf("a minute later the same process runs: %+v", s)
		}
	})
}

func TestAReloadThatIsTriedAgainDoesNotUndoALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p, busy, release := occupied(t, w)
		defer close(release)
		w.release("1.1.0", "one", &fake{Handlers: busy.Handlers, Snapshot: busy.Snapshot, Restore: busy.Restore})
		first := busy.Launched()
		isBusy(t, p)
		first.Exit(1, "")
		synctest.Wait()
		if s := p.Status(); s.State != host.Backoff {
			t.Fatalf("after a crash: %+v", s)
		}
		w.release("1.2.0", "one", &fake{Handlers: busy.Handlers})
		w.reload(p)
		time.Sleep(time.Minute)
		if s := p.Status(); s.Version != "1.2.0" || s.State != host.Ready {
			t.Errorf("a minute later: %+v", s)
		}
	})
}

// Whoever installs what puts an end to crashes may do so in the middle of one.
func TestAReloadInWhichTheOldInstanceEndsIsTriedAgain(t *testing.T) {
	for what, mode := range map[string]string{"Release": "handoff", "Snapshot": "overlap"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"reload": members{"mode": mode}, "restart": members{"backoff": "1s"}}
				old := newTally()
				crash := func() { old.Launched().Exit(9, ""); synctest.Wait() }
				old.Release = func(context.Context) error { crash(); return nil }
				if what == "Snapshot" {
					old.Snapshot = func(context.Context) (lifecycle.State, error) { crash(); return lifecycle.State{}, nil }
				}
				w.add("one", &old.fake, how)
				p := w.open().Plugin("one")
				w.release("1.1.0", "one", &newTally().fake, how)
				if err := p.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "1.0.0: its "+what+" hook") {
					t.Fatalf("a reload in which the old instance ended: %v", err)
				}
				w.Add("one", &newTally().fake) // what the copy of 1.0.0 in the store is
				time.Sleep(time.Minute)
				if s := p.Status(); s.Version != "1.1.0" || s.State != host.Ready {
					t.Errorf("a minute later: %+v", s)
				}
			})
		})
	}
}

func TestAStreamThatKeepsAReloadWaitingIsMovedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		endless := func() *tally {
			f := newTally()
			f.Handlers = append(f.Handlers, ticks.Handle(func(ctx context.Context, _ string, _ func(string) error) error {
				<-ctx.Done()
				return ctx.Err()
			}))
			return f
		}
		w.add("one", &endless().fake)
		p := w.open().Plugin("one")
		ended := make(chan error, 1)
		go func() {
			for _, err := range ticks.Open(t.Context(), p, "") {
				ended <- err
			}
		}()
		synctest.Wait()
		w.release("1.1.0", "one", &endless().fake)
		isBusy(t, p)
		time.Sleep(2 * time.Minute)
		if s := p.Status(); s.Version != "1.1.0" || s.Error != "" {
			t.Errorf("two minutes later: %+v", s)
		}
		if err := <-ended; !errors.Is(err, rpc.Moved) {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

// Whoever waits for a successor that takes long gets its answer from the one before, and the reload another time.
func TestAHandoverThatACallCannotWaitForIsGivenUp(t *testing.T) {
	slow := func(ctx context.Context) error {
		select {
		case <-time.After(3 * time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for what, mode := range map[string]string{"a slow Start": "handoff", "a slow Restore": "overlap"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				how := members{"reload": members{"mode": mode}}
				old, fresh := newTally(), newTally()
				old.Release, old.Resume = old.does("release", nil), old.does("resume", nil)
				if mode == "handoff" {
					fresh.Start = slow
				} else {
					restore := fresh.Restore
					fresh.Restore = func(ctx context.Context, s lifecycle.State) error { return errors.Join(slow(ctx), restore(ctx, s)) }
				}
				w.add("one", &old.fake, how)
				p := w.open().Plugin("one")
				w.release("1.1.0", "one", &fresh.fake, how)
				ended := make(chan error, 1)
				go func() { ended <- p.Reload(t.Context()) }()
				for reloading := true; reloading; {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					if _, err := echo.Call(ctx, p, ""); err != nil {
						t.Errorf("a call: %v", err)
					}
					cancel()
					select {
					case err := <-ended:
						if err == nil || !strings.Contains(err.Error(), "a call that waits would lose half of its time") {
							t.Errorf("the reload: %v", err)
						}
						reloading = false
					case <-time.After(10 * time.Millisecond):
					}
				}
				if s := p.Status(); s.Version != "1.0.0" || s.State != host.Ready || mode == "handoff" && len(old.hooks()) != 2 {
					t.Errorf("%+v, hooks %v", s, old.hooks())
				}
			})
		})
	}
}

func TestACallHasItsOwnTimeAlsoWhereTheDrainIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		patient := hang.Handle(func(context.Context, string) (string, error) { time.Sleep(10 * time.Second); return "old", nil })
		short := members{"timeouts": members{"drain": "1s"}}
		w.add("one", &fake{Handlers: []rpc.Handler{patient}}, short)
		p := w.open().Plugin("one")
		answered := make(chan string, 1)
		go func() {
			text, err := hang.Call(t.Context(), p, "")
			answered <- text + errorText(err)
		}()
		synctest.Wait()
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{hang.Handle(hanging)}}, short)
		w.reload(p)
		if got := <-answered; !strings.HasPrefix(got, "old") {
			t.Errorf("a call in flight got %q", got)
		}
	})
}
