package hosttest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/hosttest"
	"github.com/go-hotplug/hotplug/internal/subject"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	user rpc.Query[int, string] = "app.user"
	// other is Greet with another type.
	other rpc.Method[int, string] = "greeter.greet"
)

func greeter() hosttest.Plugin {
	return hosttest.Plugin{Name: "greeter", Handlers: []rpc.Handler{Greet.Handle(greet)}}
}

func TestTheApplicationsHostCallsAndIsCalledInAndOutsideOfABubble(t *testing.T) {
	test := func(t *testing.T) {
		named := func(context.Context, int) (string, error) { return "Ada", nil }
		p := greeter()
		p.Manifest = map[string]any{"permissions": map[string]any{"calls": []string{"app.user"}}}
		h := hosttest.Open(t, host.Config{Handlers: []rpc.Handler{user.Handle(named)}, Grant: []string{"app.user"}}, p)
		if text, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); err != nil || text != "Hello, Ada" {
			t.Errorf("got %q, %v", text, err)
		}
		if name, err := user.Call(t.Context(), h.As("greeter"), 7); err != nil || name != "Ada" {
			t.Errorf("as the plugin: %q, %v", name, err)
		}
		if seen := h.Seen("greeter"); !slices.Equal(seen, []string{"greeter.greet"}) {
			t.Errorf("the plugin has seen %q", seen)
		}
	}
	test(t)
	synctest.Test(t, test)
}

const total rpc.Upload[int, int] = "kit.total"

func TestAStreamIsSeenOnceAndFailsWithItsPlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Open(t, host.Config{}, hosttest.Plugin{Name: "adder", Handlers: []rpc.Handler{
			total.Handle(func(_ context.Context, items iter.Seq2[int, error]) (sum int, err error) {
				for n, err := range items {
					if err != nil {
						return 0, err
					}
					sum += n
				}
				return sum, nil
			}),
		}})
		sum, err := total.Call(t.Context(), h.Plugin("adder"), func(yield func(int, error) bool) { _ = yield(1, nil) && yield(2, nil) })
		if err != nil || sum != 3 || !slices.Equal(h.Seen("adder"), []string{"kit.total"}) {
			t.Errorf("got %d, %v; seen %q", sum, err, h.Seen("adder"))
		}
		_, err = total.Call(t.Context(), h.Plugin("adder"), func(yield func(int, error) bool) {
			h.Crash("adder", hosttest.Exit{Code: 1})
			_ = yield(1, nil)
		})
		if !errors.Is(err, rpc.Unavailable) {
			t.Errorf("a crash in the middle: %v", err)
		}
	})
}

func TestACrashIsKnownToTheHostWhenCrashReturns(t *testing.T) {
	test := func(t *testing.T) {
		h := hosttest.Open(t, host.Config{}, greeter())
		h.Crash("greeter", hosttest.Exit{Code: 3, Stderr: []string{"panic: no dictionary"}})
		var report *host.CrashReport
		if s := h.Plugin("greeter").Status(); s.State != host.Failed || !errors.As(h.Failed()[0].Err, &report) {
			t.Fatalf("status %+v, failed %v", s, h.Failed())
		}
		if report.Code != 3 || !slices.Equal(report.Stderr, []string{"panic: no dictionary"}) {
			t.Errorf("report %+v", report)
		}
		if _, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); !errors.Is(err, rpc.Unavailable) {
			t.Errorf("a call: %v", err)
		}
	}
	test(t)
	synctest.Test(t, test)
}

func TestASignalIsToldAsOne(t *testing.T) {
	h := hosttest.Open(t, host.Config{}, greeter())
	h.Crash("greeter", hosttest.Exit{Signal: "SIGSEGV"})
	if s := h.Plugin("greeter").Status(); !strings.Contains(s.Reason, "SIGSEGV") {
		t.Errorf("reason %q", s.Reason)
	}
}

func TestAFrozenPluginAnswersWhenItThaws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Open(t, host.Config{Timeouts: host.Timeouts{Call: 7 * time.Second}}, greeter())
		h.Freeze("greeter")
		began := time.Now()
		if _, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); !errors.Is(err, rpc.Timeout) || time.Since(began) != 7*time.Second {
			t.Errorf("frozen: %v after %s", err, time.Since(began))
		}
		if seen := h.Seen("greeter"); len(seen) != 0 {
			t.Errorf("it has seen %q", seen)
		}
		h.Thaw("greeter")
		if text, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); err != nil || text != "Hello, Ada" {
			t.Errorf("thawed: %q, %v", text, err)
		}
	})
}

func TestAFrozenPluginIsKilledByClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down host.Shutdown
		h := hosttest.Open(t, host.Config{Hooks: host.Hooks{WorkerShutdown: func(_ host.Worker, s host.Shutdown) { down = s }}}, greeter())
		h.Freeze("greeter")
		h.Freeze("greeter")
		if err := h.Close(); err != nil || down.Exit != "killed by SIGKILL" {
			t.Errorf("%v, %+v", err, down)
		}
	})
}

func TestAPluginThatLeavesIsStopped(t *testing.T) {
	h := hosttest.Open(t, host.Config{}, greeter())
	h.Leave("greeter")
	if s := h.Plugin("greeter").Status(); s.State != host.Stopped || s.Reason != "it asked to leave" {
		t.Errorf("status %+v", s)
	}
}

func TestALaunchFailsAsThePluginSays(t *testing.T) {
	broken := errors.New("no dictionary")
	for name, c := range map[string]struct {
		change func(*hosttest.Plugin)
		want   string
		after  time.Duration
	}{
		"crash":  {func(p *hosttest.Plugin) { p.Crash = &hosttest.Exit{Code: 4, Stderr: []string{"no licence"}} }, "exit status 4", 0},
		"silent": {func(p *hosttest.Plugin) { p.Silent = true }, "it has not answered the handshake: not ready within 30s", 30 * time.Second},
		"refuse": {func(p *hosttest.Plugin) { p.Refuse = rpc.Errorf(rpc.Denied, "not today") }, "handshake: not today", 0},
		"start":  {func(p *hosttest.Plugin) { p.Start = func(context.Context) error { return broken } }, "its Start hook: no dictionary", 0},
		"uses":   {func(p *hosttest.Plugin) { p.Uses = []rpc.Use{user.Use()} }, "app.user", 0},
		"types": {func(p *hosttest.Plugin) {
			p.Handlers = []rpc.Handler{other.Handle(func(context.Context, int) (string, error) { return "", nil })}
		}, "greeter.greet", 0},
		"manifest": {func(p *hosttest.Plugin) { p.Manifest = map[string]any{"host": "^2"} }, "^2", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := greeter()
				c.change(&p)
				began := time.Now()
				h := hosttest.Open(t, host.Config{Version: "1.0.0", Uses: []rpc.Use{Greet.Use()}}, p)
				if d := time.Since(began); d < c.after || d > c.after+time.Second {
					t.Errorf("Open took %s", d)
				}
				if failed := h.Failed(); len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), c.want) {
					t.Errorf("failed %v, want %q", failed, c.want)
				}
			})
		})
	}
}

func TestVersionsAndRequirementsAreThoseOfTheManifests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		slow := func(context.Context) error { time.Sleep(2 * time.Second); return nil }
		h := hosttest.Open(t, host.Config{},
			hosttest.Plugin{Name: "base", Version: "1.2.3", Start: slow},
			hosttest.Plugin{Name: "app", Manifest: map[string]any{"requires": map[string]any{"base": "^1.2"}}, Start: slow},
		)
		if s := h.Plugin("base").Status(); s.Version != "1.2.3" || len(h.Failed()) != 0 || time.Since(began) != 4*time.Second {
			t.Errorf("status %+v, failed %v, after %s", s, h.Failed(), time.Since(began))
		}
	})
}

func TestATestFailsThatDirectsWhatDoesNotRun(t *testing.T) {
	for want, test := range map[string]func(h *hosttest.Host){
		`"greter" is no plugin of this test`: func(h *hosttest.Host) { h.Crash("greter", hosttest.Exit{}) },
		`plugin "greeter" has no process`:    func(h *hosttest.Host) { h.Crash("greeter", hosttest.Exit{}); h.Freeze("greeter") },
	} {
		subject.Want(t, subject.Reports(t, func(t testing.TB) { test(hosttest.Open(t, host.Config{}, greeter())) }), want)
	}
	twins := subject.Reports(t, func(t testing.TB) { hosttest.Open(t, host.Config{}, greeter(), greeter()) })
	subject.Want(t, twins, `two plugins have the name "greeter"`)
}

func TestATestFailsWhosePluginLeavesAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forgotten := make(chan struct{})
		p := greeter()
		p.Handlers = []rpc.Handler{Greet.Handle(func(context.Context, string) (string, error) { go func() { <-forgotten }(); return "", nil })}
		got := subject.Reports(t, func(t testing.TB) {
			h := hosttest.Open(t, host.Config{}, p)
			if _, err := Greet.Call(t.Context(), h.Plugin("greeter"), "Ada"); err != nil {
				t.Error(err)
			}
		})
		subject.Want(t, got, "goroutines of it or its plugins are left")
		close(forgotten)
	})
}
