package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// watching opens a host that watches, and yields its events in a channel.
func (w *world) watching() (*host.Host, <-chan host.Event) {
	w.t.Helper()
	w.config.Watch, w.config.WatchOptions = true, registry.WatchOptions{Quiet: 20 * time.Millisecond}
	h := w.open()
	events := make(chan host.Event, 100)
	seen := h.Events(w.t.Context())
	go func() {
		for e := range seen {
			events <- e
		}
		close(events)
	}()
	return h, events
}

// until waits for an event of a plugin.
func until(t *testing.T, events <-chan host.Event, plugin string, to host.State, reason string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case e := <-events:
			if e.Plugin == plugin && e.To == to && strings.Contains(e.Reason, reason) {
				return
			}
			t.Log("event:", e)
		case <-late:
			t.Fatalf("%s never became %s with %q", plugin, to, reason)
		}
	}
}

func TestAHostThatWatchesRunsWhatTheFolderSays(t *testing.T) {
	w := newWorld(t)
	w.add("one", &fake{Handlers: []rpc.Handler{named("old")}})
	h, events := w.watching()
	one, two := h.Plugin("one"), h.Plugin("two")

	w.cast("two", &fake{Handlers: []rpc.Handler{named("two")}})
	if _, err := whoAmI.Call(t.Context(), two, ""); !errors.Is(err, rpc.NotFound) {
		t.Errorf("before it is installed: %v", err)
	}
	w.add("two", &fake{Handlers: []rpc.Handler{named("two")}})
	until(t, events, "two", host.Ready, "")
	if got := who(t, two); got != "two" { // by the handle that was there before
		t.Errorf("%q answers", got)
	}

	w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("new")}})
	until(t, events, "one", host.Ready, "reloaded: 1.1.0 follows 1.0.0")
	if got := who(t, one); got != "new" {
		t.Errorf("%q answers", got)
	}

	manifest := filepath.Join(w.config.Dir, "one", "plugin.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	w.write(manifest, "{", 0o644)
	until(t, events, "one", host.Ready, "1.1.0 goes on: what is installed now cannot run: ")
	w.write(manifest, string(text), 0o644)
	until(t, events, "one", host.Ready, "what is installed is what runs, again")
	if s := one.Status(); s.Error != "" || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
	if got := who(t, one); got != "new" {
		t.Errorf("%q answers", got)
	}

	if err := os.RemoveAll(filepath.Join(w.config.Dir, "two")); err != nil {
		t.Fatal(err)
	}
	until(t, events, "two", host.Stopped, "no longer installed")
	if _, err := whoAmI.Call(t.Context(), two, ""); !errors.Is(err, rpc.Unavailable) {
		t.Errorf("after it was removed: %v", err)
	}
}

func TestTheSameBytesCostNoProcess(t *testing.T) {
	w := newWorld(t)
	f := w.add("one", &fake{Handlers: []rpc.Handler{named("one")}})
	configured := make(chan string, 10)
	f.Configure = func(_ context.Context, c json.RawMessage) error { configured <- string(c); return nil }
	h, events := w.watching()
	<-configured
	w.add("one", f)                                                                  // written again, with the same bytes
	w.add("one", f, members{"config": members{"default": members{"theme": "dark"}}}) // and with another configuration
	until(t, events, "one", host.Ready, "it has a new configuration")
	if s := h.Plugin("one").Status(); s.Generation != 1 {
		t.Errorf("%+v", s)
	}
	if got := <-configured; got != `{"theme":"dark"}` {
		t.Errorf("configured with %s", got)
	}
}

func TestAPluginIsStartedWhenWhatItRequiresRuns(t *testing.T) {
	w := newWorld(t)
	w.add("base", &fake{Start: func(context.Context) error { return errors.New("not yet") }})
	w.add("app", &fake{Handlers: []rpc.Handler{named("app")}}, members{"requires": members{"base": "^1"}})
	h, events := w.watching()
	if s := h.Plugin("app").Status(); s.State != host.Failed {
		t.Fatalf("%+v", s)
	}
	w.release("1.1.0", "base", &fake{})
	until(t, events, "app", host.Ready, "")
}

func TestWhatAWatchSawBeforeAReloadLookedDoesNotUndoTheReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{named("one")}})
		h := w.open()
		look := func() *registry.Registry {
			time.Sleep(time.Second)
			reg, err := registry.Scan(t.Context(), registry.Options{Path: []string{w.config.Dir}, HostVersion: "1.0.0"})
			if err != nil {
				t.Fatal(err)
			}
			return reg
		}
		w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{named("one")}})
		stale := look()
		w.release("1.2.0", "one", &fake{Handlers: []rpc.Handler{named("two")}})
		time.Sleep(time.Second)
		w.reload(h.Plugin("one"))
		h.Reconcile(stale)
		synctest.Wait()
		if s := h.Plugin("one").Status(); s.Version != "1.2.0" || s.Generation != 2 {
			t.Errorf("%+v", s)
		}
		w.release("1.3.0", "one", &fake{Handlers: []rpc.Handler{named("three")}})
		h.Reconcile(look())
		synctest.Wait()
		if s := h.Plugin("one").Status(); s.Version != "1.3.0" {
			t.Errorf("a later look is not heeded: %+v", s)
		}
	})
}

func TestAPluginThatWasOffWhenTheWatchBeganIsWatchedOnceItIsEnabled(t *testing.T) {
	w := newWorld(t)
	w.config.Plugins = map[string]host.Settings{"one": {Disabled: true}}
	w.add("one", &fake{})
	w.add("two", &fake{}, requires("one", "^1"))
	h, events := w.watching()
	if err := h.Plugin("one").Enable(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, events, "two", host.Ready, "") // it could not start, since one was disabled
	w.release("1.1.0", "one", &fake{})
	until(t, events, "one", host.Ready, "reloaded: 1.1.0 follows 1.0.0")
}

// A file that is open for writing while a host opens is no version of a plugin.
func TestWhatIsWrittenWhileAHostOpensHasToSettle(t *testing.T) {
	w := newWorld(t)
	w.config.Watch, w.config.WatchOptions = true, registry.WatchOptions{Quiet: 300 * time.Millisecond}
	w.add("one", &fake{})
	w.add("slow", &fake{Start: func(context.Context) error {
		w.write(filepath.Join(w.config.Dir, "one", "plugin.json"), "{", 0o644) // and on it goes, when the host has opened
		return nil
	}})
	h := w.open()
	w.release("1.1.0", "one", &fake{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for e := range h.Events(ctx) {
		switch {
		case e.Plugin != "one":
		case strings.Contains(e.Reason, "cannot run"):
			t.Errorf("half a manifest counted: %v", e)
		case strings.Contains(e.Reason, "reloaded: 1.1.0 follows 1.0.0"):
			return
		}
	}
	t.Error("1.1.0 never ran")
}
