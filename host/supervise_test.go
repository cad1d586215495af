package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestTheWayBackLeadsToTheLastVersionThatPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.add("one", &fake{Handlers: []rpc.Handler{named("first")}})
		p := w.open().Plugin("one")
		parked := first.Launched()
		second := w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("second")}})
		w.reload(p)
		time.Sleep(5 * time.Second) // second is on probation
		third := w.release("1.2.0", "one", &fake{Handlers: []rpc.Handler{named("third")}})
		w.reload(p)
		time.Sleep(5 * time.Second) // and third now, for a window of its own
		if second.Launched().Active() || !parked.Active() {
			t.Errorf("second runs: %v, first runs: %v", second.Launched().Active(), parked.Active())
		}
		third.Launched().Exit(1, "")
		synctest.Wait()
		if got := who(t, p); got != "first" || p.Status().Version != "1.0.0" || first.Launched() != parked {
			t.Errorf("%q answers; %+v", got, p.Status())
		}
	})
}

func TestDisableStopsAPluginUntilEnable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}})
		p := w.open().Plugin("one")
		if err := p.Disable(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := whoAmI.Call(t.Context(), p, "")
		if !errors.Is(err, rpc.Unavailable) || !strings.Contains(err.Error(), `plugin "one" is disabled: it was disabled`) || f.Launched().Active() {
			t.Errorf("%v; it runs: %v", err, f.Launched().Active())
		}
		if err := p.Disable(t.Context()); err != nil {
			t.Errorf("disabled twice: %v", err)
		}
		if err := p.Enable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := who(t, p); got != "one" {
			t.Errorf("%q answers", got)
		}
		if err := p.Enable(t.Context()); err != nil || p.Status().Generation != 2 {
			t.Errorf("enabled twice: %v; %+v", err, p.Status())
		}
	})
}

func TestDisableAndEnableOfWhatIsNotInstalledSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		p := w.open().Plugin("ones")
		for what, err := range map[string]error{"disable": p.Disable(t.Context()), "enable": p.Enable(t.Context()), "reload": p.Reload(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), `plugin "ones" is not installed`) || !strings.Contains(err.Error(), `did you mean "one"?`) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestAPluginThatLeavesIsStartedAgainIfItsPolicyIsAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, members{"restart": members{"policy": "always"}})
		p := w.open().Plugin("one")
		f.Launched().Leave()
		synctest.Wait()
		if got := who(t, p); got != "one" || p.Status().Generation != 2 {
			t.Errorf("%q answers; %+v", got, p.Status())
		}
	})
}

func TestCallsDuringABackoffThatIsTooLongSayWhatThePluginWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}}, members{"restart": members{"backoff": "10s"}})
		p := w.open().Plugin("one")
		f.Launched().Exit(3, "")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := whoAmI.Call(ctx, p, "")
		if !errors.Is(err, context.DeadlineExceeded) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "exit status 3; it is started again in 10") {
			t.Errorf("%v, delivered: %s", err, rpc.Delivered(err))
		}
	})
}

func TestClosingAHostInEachStateLeavesNothing(t *testing.T) {
	for name, bring := range map[string]func(w *world, h *host.Host, f *fake){
		"backoff": func(w *world, h *host.Host, f *fake) { f.Launched().Exit(1, "") },
		"quarantined": func(w *world, h *host.Host, f *fake) {
			for h.Plugin("one").Status().State != host.Quarantined {
				f.Launched().Exit(1, "")
				time.Sleep(time.Minute / 10)
			}
		},
		"on probation": func(w *world, h *host.Host, f *fake) {
			w.release("1.1.0", "one", &fake{})
			w.reload(h.Plugin("one"))
		},
		"disabled": func(w *world, h *host.Host, f *fake) { _ = h.Plugin("one").Disable(w.t.Context()) },
		"reloading": func(w *world, h *host.Host, f *fake) {
			w.release("1.1.0", "one", &fake{Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
			go func() { _ = h.Plugin("one").Reload(w.t.Context()) }()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				f := w.add("one", &fake{}, members{"restart": members{}})
				h := w.open()
				bring(w, h, f)
				synctest.Wait()
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				w.Starter.Wait()
				if s := h.Plugin("one").Status(); s.Active || s.State.Waits() && s.State != host.Idle {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAProcessThatSaysByItsExitCodeThatItCannotRunIsNotTriedAgain(t *testing.T) {
	for code, want := range map[int]host.State{1: host.Backoff, 70: host.Backoff, 64: host.Failed, 65: host.Failed, 78: host.Failed} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.add("one", &fake{Instead: func(*proctest.Child, *wire.Startup, *wire.Stream) int { return code }}, members{"restart": members{}})
				if s := w.open().Plugin("one").Status(); s.State != want {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
