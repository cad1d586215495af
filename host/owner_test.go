package host_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// behind has app wait for base, which was installed after the host was opened, so that the host knows base and has not seen to it.
func (w *world) behind() (h *host.Host, reloaded <-chan error) {
	w.t.Helper()
	w.add("app", &fake{Handlers: []rpc.Handler{named("app")}})
	h = w.open()
	w.add("base", &fake{Handlers: []rpc.Handler{named("base")}})
	w.release("1.1.0", "app", &fake{Handlers: []rpc.Handler{named("app 1.1")}}, requires("base", "^1"))
	heard := make(chan error, 1)
	go func() { heard <- h.Plugin("app").Reload(w.t.Context()) }()
	synctest.Wait()
	return h, heard
}

// soon is a context that ends before anything that hangs would.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestCloseDoesNotWaitForAPluginThatNobodyHasSeenTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newWorld(t).behind()
		closed := make(chan error, 1)
		go func() { closed <- h.Close() }()
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Hour):
			t.Error("Close has not returned")
		}
	})
}

func TestWhoAsksFirstForAPluginThatIsNewHasItStarted(t *testing.T) {
	for what, ask := range map[string]func(*host.Plugin, context.Context) error{"Reload": (*host.Plugin).Reload, "Enable": (*host.Plugin).Enable} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, reloaded := newWorld(t).behind()
				if err := ask(h.Plugin("base"), soon(t)); err != nil {
					t.Fatal(err)
				}
				if err := <-reloaded; err != nil || who(t, h.Plugin("base")) != "base" || who(t, h.Plugin("app")) != "app 1.1" {
					t.Errorf("app: %v", err)
				}
			})
		})
	}
}

func TestAPluginThatIsDisabledBeforeTheWatchHasSeenToItStaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h, _ := w.behind()
		base := h.Plugin("base")
		if err := base.Disable(soon(t)); err != nil {
			t.Fatal(err)
		}
		w.seeFolder(h)
		if s := base.Status(); s.State != host.Disabled {
			t.Errorf("%+v", s)
		}
		if err := base.Enable(soon(t)); err != nil || who(t, base) != "base" {
			t.Errorf("Enable: %v", err)
		}
	})
}

func TestDisablingWhatIsNotInstalledLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(t).open()
		if err := h.Plugin("nobody").Disable(soon(t)); err == nil {
			t.Error("what is not installed was disabled")
		}
	})
}
