//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAPluginWhoseRequirementFailsDoesNotStartAndSaysWhy(t *testing.T) {
	s := newSite(t)
	s.crasher("exit", m{"env": m{"set": m{"CRASHER_START": "exit", "CRASHER_CODE": "9"}}})
	s.install("needy", "oddity", m{"requires": m{"crasher": "^1.0"}})
	s.install("easy", "oddity", m{"requires": m{"crasher?": "^1.0"}})
	s.install("lost", "oddity", m{"requires": m{"nobody": "*"}})
	h := s.open()
	says(t, failure(t, h, "needy"), "it requires crasher ^1.0, which is not running", "exit status 9")
	says(t, failure(t, h, "lost"), "nobody", "not installed")
	if err := h.Plugin("easy").Ready(t.Context()); err != nil {
		t.Errorf("a requirement that is optional: %v", err)
	}
	s.goesOn(h)
}

func TestPluginsStartAfterWhatTheyRequireAndStopBeforeIt(t *testing.T) {
	s := newSite(t)
	s.install("alpha", "oddity", m{"requires": m{"beta": "^1.0"}})
	s.install("beta", "oddity", m{"requires": m{"gamma": "^1.0"}})
	s.install("gamma", "oddity", nil)
	var mu sync.Mutex
	var ready, ended []string
	h := s.open(func(c *host.Config) {
		c.Hooks.Event = func(e host.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.To == host.Ready {
				ready = append(ready, e.Plugin)
			}
		}
		c.Hooks.WorkerShutdown = func(w host.Worker, _ host.Shutdown) {
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, w.Plugin)
		}
	})
	s.close(h)
	for name, order := range map[string][]string{"ready": ready, "ended": ended} {
		got := slices.DeleteFunc(order, func(n string) bool { return n == "counter" })
		want := []string{"gamma", "beta", "alpha"}
		if name == "ended" {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestRequireWaitsUntilReadyAndChecksTheVersion(t *testing.T) {
	s := newSite(t)
	h := s.open()
	if p, err := h.Require(t.Context(), "counter", "^1.0"); err != nil || p != h.Plugin("counter") {
		t.Errorf("%v", err)
	}
	_, err := h.Require(t.Context(), "counter", ">=2")
	says(t, err, `plugin "counter" 1.0.0 is installed`, ">=2 is required")
	_, err = h.Require(t.Context(), "nobody", "")
	says(t, err, `plugin "nobody" is not installed`)
	_, err = h.Require(t.Context(), "counter", "never!")
	says(t, err, "require counter", "never!")
	s.goesOn(h)
}

func TestEventsAndHooksTellWhatHappens(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	var mu sync.Mutex
	var messages []host.Message
	h := s.open(func(c *host.Config) {
		c.Hooks.Message = func(m host.Message) { mu.Lock(); defer mu.Unlock(); messages = append(messages, m) }
	})
	seen := make(chan []string)
	events := h.Events(t.Context())
	go func() {
		var all []string
		for e := range events {
			all = append(all, e.Plugin+" "+string(e.From)+">"+string(e.To))
		}
		seen <- all
	}()
	if _, err := crasherSleep.Call(t.Context(), h.Plugin("crasher"), sleepRequest{ForMS: 50}); err != nil {
		t.Fatal(err)
	}
	_, _ = crasherExit.Call(t.Context(), h.Plugin("crasher"), exitRequest{Code: 6})
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	s.goesOn(h)
	s.close(h)
	if got, want := <-seen, []string{"crasher ready>failed", "counter ready>stopped"}; !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	if d, _ := s.shutdown("crasher"); d.Code != 6 || d.Exit != "exit status 6" || d.Asked || d.Duration < 50*time.Millisecond {
		t.Errorf("shutdown of the crasher: %+v", d)
	}
	if d, _ := s.shutdown("counter"); d.Code != 0 || !d.Asked || d.Duration <= 0 {
		t.Errorf("shutdown of the counter: %+v", d)
	}
	mu.Lock()
	defer mu.Unlock()
	slept := slices.IndexFunc(messages, func(m host.Message) bool { return m.Type == "crasher.sleep" })
	if slept < 0 || messages[slept].Duration < 50*time.Millisecond || messages[slept].Plugin != "crasher" || messages[slept].Kind != rpc.KindQuery || messages[slept].Err != nil {
		t.Errorf("messages %+v", messages)
	}
}

func TestAHookThatPanicsChangesNothing(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open(func(c *host.Config) {
		c.Hooks.Message = func(host.Message) { panic("message hook") }
		c.Hooks.Event = func(host.Event) { panic("event hook") }
	})
	s.goesOn(h)
	_, _ = crasherExit.Call(t.Context(), h.Plugin("crasher"), exitRequest{Code: 6})
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	if _, ok := s.log.find("hook panicked"); !ok {
		t.Error("the log says nothing of the panic")
	}
	s.goesOn(h)
}

func TestStatusIsWhatRuns(t *testing.T) {
	s := newSite(t)
	dir := s.install("oddity", "oddity", m{"description": "odd"})
	h := s.open()
	st := h.Plugin("oddity").Status()
	p, ok := stat(st.PID)
	if !ok || p.group != st.PID || p.session != st.PID {
		t.Errorf("process %+v, %v; want the leader of a group and session", p, ok)
	}
	if runtime.GOOS == "linux" && (st.Memory < 1<<20 || st.Memory > 1<<30 || st.Descriptors < 3) {
		t.Errorf("memory %d, descriptors %d", st.Memory, st.Descriptors)
	}
	if st.State != host.Ready || !st.Active || !st.Connected || st.Generation != 1 || st.Version != "1.0.0" || st.Dir != dir || len(st.Hash) != 64 || st.Description != "odd" {
		t.Errorf("status %+v", st)
	}
	s.mu.Lock()
	if !slices.Contains(s.groups, st.PID) || len(s.groups) != 2 {
		t.Errorf("the spawn hook was told of %v, want %d and the counter", s.groups, st.PID)
	}
	s.mu.Unlock()
	h.Plugin("oddity").Close()
	if st := h.Plugin("oddity").Status(); st.State != host.Stopped || st.Active || st.Connected || st.PID != 0 || !strings.Contains(st.Reason, "asked") {
		t.Errorf("status after Close %+v", st)
	}
	if n := len(h.Plugin("counter").Handles()); n != 5 {
		t.Errorf("the counter handles %d messages, want 5", n)
	}
	s.goesOn(h)
}

func TestAPluginThatGetsSIGTERMSaysGoodbyeAndFinishesItsCalls(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	started := make(chan struct{}, 1)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{startedHandler(started)} })
	p := h.Plugin("oddity")
	result := make(chan error, 1)
	go func() {
		_, err := oddityapi.Slow.Call(t.Context(), p, oddityapi.Number{N: 700})
		result <- err
	}()
	await(t, started, "the handler to run")
	mustDo(t, syscall.Kill(p.Status().PID, syscall.SIGTERM))
	until(t, 10*time.Second, "stopped", func() bool { return p.Status().State == host.Stopped })
	if reason := p.Status().Reason; reason != "it asked to leave" {
		t.Errorf("reason %q", reason)
	}
	if err := <-result; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	until(t, 10*time.Second, "gone", func() bool { return !p.Status().Active })
	if d, _ := s.shutdown("oddity"); d.Code != 0 {
		t.Errorf("shutdown %+v, want exit status 0", d)
	}
	_, err := oddityapi.Slow.Call(t.Context(), p, oddityapi.Number{})
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("a later call: %v, delivered %s", err, rpc.Delivered(err))
	}
	s.goesOn(h)
}

func TestTwoHostsOnOneFolderDoNotDisturbEachOther(t *testing.T) {
	s := newSite(t)
	first := s.open()
	second := s.openAsIs(func(c *host.Config) { c.StateDir = t.TempDir() })
	if _, err := counterAdd.Call(t.Context(), first.Plugin("counter"), delta{By: 5}); err != nil {
		t.Error(err)
	}
	got, err := counterGet.Call(t.Context(), second.Plugin("counter"), struct{}{})
	if err != nil || got.Value != 0 {
		t.Errorf("the second host's counter: %d, %v; want one of its own", got.Value, err)
	}
	s.close(first)
	s.goesOn(second)
}

func TestCloseMayBeCalledByManyAtOnceAndWhileCallsRun(t *testing.T) {
	s := newSite(t)
	h := s.open()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				if _, err := counterAdd.Call(context.Background(), h.Plugin("counter"), delta{By: 1}); err != nil {
					if !errors.Is(err, rpc.Unavailable) {
						t.Errorf("a call during Close: %v", err)
					}
					return
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() { s.close(h) })
	}
	wg.Wait()
}
