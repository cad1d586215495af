package host_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"runtime"

	"github.com/go-hotplug/hotplug/host"
)

// slow is a plugin whose Start and Stop hooks take a second each and are noted.
func (w *world) slow(name string, requires members) {
	f := &fake{}
	f.Start = func(context.Context) error {
		w.note("start %s", name)
		<-time.After(time.Second)
		return nil
	}
	f.Stop = func() {
		<-time.After(time.Second)
		w.note("stopped %s", name)
	}
	w.add(name, f, members{"requires": requires})
}

func TestRequiredPluginsStartFirstAndStopLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.slow("app", members{"base": "^1", "middle": "^1"})
		w.slow("middle", members{"base": "^1"})
		w.slow("base", members{})
		h := w.open()
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(w.notes(), func(s string) bool { return strings.Contains(s, "goodbye") })
		want := []string{"start base 0s", "start middle 1s", "start app 2s", "stopped app 4s", "stopped middle 5s", "stopped base 6s"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestARequiredPluginThatFailsFailsWhoRequiresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("base", &fake{Instead: says("")})
		w.add("app", &fake{}, members{"requires": members{"base": "^1"}})
		w.add("other", &fake{}, members{"requires": members{"base?": "^1"}})
		h := w.open()
		err := h.Plugin("app").Ready(t.Context())
		if err == nil || !strings.Contains(err.Error(), "it requires base ^1, which is not running: ") || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("app: %v", err)
		}
		if err := h.Plugin("other").Ready(t.Context()); err != nil {
			t.Errorf("an optional requirement failed other: %v", err)
		}
		if n := len(w.Starter.Started()); n != 2 {
			t.Errorf("%d processes were started, want base and other", n)
		}
	})
}

func TestLaunchesAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		limit := 4 * runtime.GOMAXPROCS(0)
		var now, most atomic.Int32
		for i := range limit + 3 {
			w.add(fmt.Sprintf("p%d", i), &fake{Start: func(context.Context) error {
				most.Store(max(most.Load(), now.Add(1)))
				<-time.After(time.Second)
				now.Add(-1)
				return nil
			}})
		}
		began := time.Now()
		h := w.open()
		if int(most.Load()) != limit || time.Since(began) != 2*time.Second || len(h.Failed()) != 0 {
			t.Errorf("%d at once, in %s, failed %v", most.Load(), time.Since(began), h.Failed())
		}
	})
}

func TestRequireWaitsAndChecksTheVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		h := w.open()
		if p, err := h.Require(t.Context(), "one", "^1"); err != nil || p != h.Plugin("one") {
			t.Errorf("^1: %v", err)
		}
		if _, err := h.Require(t.Context(), "one", ""); err != nil {
			t.Errorf("any: %v", err)
		}
		for constraint, want := range map[string]string{"^2": `plugin "one" 1.0.0 is installed, ^2 is required`, "newest": "require one: "} {
			if _, err := h.Require(t.Context(), "one", constraint); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", constraint, err)
			}
		}
		if _, err := h.Require(t.Context(), "two", "^1"); err == nil || !strings.Contains(err.Error(), "not installed") {
			t.Errorf("two: %v", err)
		}
		if all := h.Plugins(); len(all) != 1 || all[0].Name() != "one" || all[0].Status().State != host.Ready {
			t.Errorf("plugins %v", all)
		}
	})
}
