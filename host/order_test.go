package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

// seeFolder has a host see what its plugins folder holds, as one that watches does.
func (w *world) seeFolder(h *host.Host) {
	w.t.Helper()
	time.Sleep(time.Second) // later than the last look
	reg, err := registry.Scan(w.t.Context(), registry.Options{Path: []string{w.config.Dir}, HostVersion: "1.0.0"})
	if err != nil {
		w.t.Fatal(err)
	}
	h.Reconcile(reg)
	synctest.Wait()
}

// on is a plugin that notes which version of another one runs when it starts.
func (w *world) on(h **host.Host, base string) *fake {
	return &fake{Start: func(context.Context) error {
		w.note("started on %s %s", base, (*h).Plugin(base).Status().Version)
		return nil
	}}
}

func requires(name, constraint string) members { return members{"requires": members{name: constraint}} }

func TestWhatIsRequiredIsReplacedFirst(t *testing.T) {
	for what, constraint := range map[string]string{"only the new version will do": "^2", "either will do": ">=1"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var h *host.Host
				w.add("app", &fake{}, requires("base", "^1"))
				w.add("base", &fake{})
				h = w.open()
				w.release("2.0.0", "app", w.on(&h, "base"), requires("base", constraint))
				w.release("2.0.0", "base", &fake{Start: func(context.Context) error { time.Sleep(3 * time.Second); return nil }})
				w.seeFolder(h)
				time.Sleep(time.Minute)
				if got := strings.Join(w.notes(), "; "); !strings.Contains(got, "started on base 2.0.0") || strings.Contains(got, "base 1.0.0") {
					t.Errorf("app %s", got)
				}
				if s := h.Plugin("app").Status(); s.Version != "2.0.0" {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAVersionWaitsForWhatItRequiresWhileTheOneBeforeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var h *host.Host
		w.add("app", &fake{}, requires("base", "^1"))
		w.add("base", &fake{})
		h = w.open()
		w.release("2.0.0", "app", w.on(&h, "base"), requires("base", "^2"))
		w.release("2.0.0", "base", &fake{Start: func(context.Context) error { return errors.New("no disk") }})
		w.seeFolder(h)
		time.Sleep(time.Minute)
		s := h.Plugin("app").Status()
		if s.Version != "1.0.0" || s.State != host.Ready || !strings.Contains(s.Reason, "1.0.0 goes on: the reload was refused: it requires base ^2: 1.0.0 runs") {
			t.Errorf("while base 2.0.0 does not start: %+v", s)
		}
		w.release("2.1.0", "base", &fake{})
		w.seeFolder(h)
		time.Sleep(time.Minute)
		if s := h.Plugin("app").Status(); s.Version != "2.0.0" || s.Error != "" {
			t.Errorf("after base 2.1.0: %+v", s)
		}
	})
}

func TestAVersionThatRequiresWhatComesWithItWaitsForThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var h *host.Host
		w.add("app", &fake{})
		h = w.open()
		w.release("2.0.0", "app", w.on(&h, "base"), requires("base", "^2"))
		w.release("2.0.0", "base", &fake{Start: func(context.Context) error { time.Sleep(3 * time.Second); return nil }})
		w.seeFolder(h)
		time.Sleep(time.Minute)
		if got := strings.Join(w.notes(), "; "); h.Plugin("app").Status().Version != "2.0.0" || !strings.Contains(got, "started on base 2.0.0") {
			t.Errorf("%+v; %s", h.Plugin("app").Status(), got)
		}
	})
}

func TestAWishThatNothingRunsEndsALaunch(t *testing.T) {
	for what, started := range map[string]bool{"a reload": true, "a start": false} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				hangs := &fake{Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
				long := members{"timeouts": members{"start": "1h"}}
				w.add("one", &fake{})
				h := w.open()
				p := h.Plugin("one")
				if !started {
					if err := p.Disable(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				w.release("1.1.0", "one", hangs, long)
				begun := make(chan error, 1)
				go func() {
					if started {
						begun <- p.Reload(t.Context())
					} else {
						begun <- p.Enable(t.Context())
					}
				}()
				synctest.Wait()
				before := time.Now()
				if err := p.Disable(t.Context()); err != nil {
					t.Error(err)
				}
				if err := <-begun; err == nil || !strings.Contains(err.Error(), "nothing is to run any more") {
					t.Errorf("what was given up says %v", err)
				}
				if s := p.Status(); s.State != host.Disabled || s.Active || time.Since(before) > time.Minute {
					t.Errorf("after %s: %+v", time.Since(before), s)
				}
			})
		})
	}
}

func TestADisabledPluginIsNotReloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		p := w.open().Plugin("one")
		if err := p.Disable(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := p.Reload(t.Context())
		if err == nil || !strings.Contains(err.Error(), "reload one: it is disabled (") || !strings.Contains(err.Error(), "enable it instead") || p.Status().State != host.Disabled {
			t.Errorf("%v; %+v", err, p.Status())
		}
	})
}
