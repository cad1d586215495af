//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// kills ends a plugin's process with a signal, or stops it.
func kills(t *testing.T, p *host.Plugin, signal syscall.Signal) (pid int) {
	t.Helper()
	pid = p.Status().PID
	mustDo(t, syscall.Kill(pid, signal))
	if signal == syscall.SIGSTOP {
		until(t, 30*time.Second, "stopped", func() bool { p, _ := stat(pid); return p.state == "T" })
	}
	return pid
}

func TestAKilledPluginIsStartedAgainAndCallsThatWaitAreAnswered(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"restart": m{"backoff": "300ms"}}})
	h := s.open()
	p := h.Plugin("oddity")
	before := kills(t, p, syscall.SIGKILL)
	isIn(t, p, host.Backoff)
	says(t, errors.New(p.Status().Reason), "killed by SIGKILL", "it is started again in")
	var waiting sync.WaitGroup
	for range 8 {
		waiting.Go(func() {
			count(t, p, 1)
			if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 20})); len(got) != 20 || err != nil {
				t.Errorf("a stream: %d items, %v", len(got), err)
			}
		})
	}
	waiting.Wait()
	if after := answers(t, p, "1.0.0"); after.PID == before || after.Count != 8 {
		t.Errorf("%+v answers, want another process than %d and 8 calls", after, before)
	}
	s.goesOn(h)
}

func TestACallOfAKilledPluginIsAnsweredByItsSuccessorIfItMayRunTwice(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"restart": m{"max": 100, "backoff": "10ms"}}})
	h := s.open()
	p := h.Plugin("oddity")
	c := gather(t, 8, func(int, int) error { _, err := oddityapi.Who.Call(t.Context(), p, struct{}{}); return err })
	for range 5 {
		c.busy()
		before := kills(t, p, syscall.SIGKILL)
		until(t, 30*time.Second, "another process", func() bool { st := p.Status(); return st.State == host.Ready && st.PID != before })
	}
	c.busy()
	c.leave()
	s.goesOn(h)
}

func TestAPluginThatCrashesTooOftenIsQuarantinedUntilSomebodyOrANewVersionLiftsIt(t *testing.T) {
	s := newSite(t)
	rule := m{"restart": m{"max": 1, "window": "1h", "backoff": "10ms"}}
	s.put(edition{version: "1.0.0", mode: oddityapi.ModeBrittle, with: rule})
	h := s.open()
	p := h.Plugin("oddity")
	quarantine := func() {
		t.Helper()
		for range 2 {
			until(t, 30*time.Second, "ready", func() bool { return p.Status().State == host.Ready })
			_, _ = oddityapi.Add.Call(t.Context(), p, number{N: 1})
		}
		isIn(t, p, host.Quarantined)
		_, err := oddityapi.Whole.Call(t.Context(), p, number{N: 1})
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("%v, delivered %s", err, rpc.Delivered(err))
		}
		says(t, err, `plugin "oddity" is quarantined`, "it ended while it was serving: exit status 3", "it broke")
		says(t, errors.New(p.Status().Reason), "it crashed 2 times within 1h0m0s (restart.max, restart.window)")
	}
	quarantine()
	mustDo(t, p.Enable(t.Context()))
	quarantine()
	s.put(edition{version: "1.1.0", with: rule})
	mustDo(t, p.Reload(t.Context()))
	answers(t, p, "1.1.0")
	s.goesOn(h)
}

// checked are health checks that a stopped process misses soon, and one that waits for its turn does not.
var checked = m{"health": m{"interval": "500ms", "misses": 3}, "restart": m{"backoff": "10ms"}, "timeouts": m{"drain": "300ms", "stop": "300ms"}}

func TestAStoppedPluginMissesItsHealthChecksAndIsStartedAgain(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: checked})
	h := s.open()
	p := h.Plugin("oddity")
	before := kills(t, p, syscall.SIGSTOP)
	if after := answers(t, p, "1.0.0"); after.PID == before {
		t.Errorf("the stopped process %d answers", before)
	}
	isGone(t, before)
	s.goesOn(h)
}

func TestAVersionThatIsStoppedOnProbationIsRolledBackToTheSameProcess(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: checked})
	h := s.open()
	p := h.Plugin("oddity")
	count(t, p, 7)
	before := who(t, p)
	checkedOnProbation := m{"health": checked["health"], "timeouts": checked["timeouts"], "reload": m{"rollbackWindow": "1m"}}
	s.reload(p, edition{version: "1.1.0", with: checkedOnProbation})
	bad := kills(t, p, syscall.SIGSTOP)
	if after := answers(t, p, "1.0.0"); after != before {
		t.Errorf("%+v answers, want %+v", after, before)
	}
	isGone(t, bad)
	s.goesOn(h)
}

func TestAStoppedProcessThatIsParkedIsEndedWithTheProbation(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"timeouts": m{"stop": "200ms"}}})
	h := s.open()
	p := h.Plugin("oddity")
	before := p.Status().PID
	s.reload(p, edition{version: "1.1.0", with: m{"reload": m{"rollbackWindow": "3s"}}})
	stopParked(t, before)
	isGone(t, before)
	answers(t, p, "1.1.0")
	s.goesOn(h)
}

// hurried are time-outs that Close does not wait for long.
var hurried = m{"drain": "300ms", "stop": "300ms"}

// unfinished are plugins in the middle of something, with a stopped process or one that does not answer. Each of them begins as 1.0.0.
var unfinished = map[string]func(t *testing.T, s *site, p *host.Plugin){
	"stopped": func(t *testing.T, _ *site, p *host.Plugin) { kills(t, p, syscall.SIGSTOP) },
	"on probation, its predecessor stopped": func(t *testing.T, s *site, p *host.Plugin) {
		before := p.Status().PID
		s.reload(p, edition{version: "1.1.0", with: m{"timeouts": hurried}})
		stopParked(t, before)
	},
	"on probation, stopped": func(t *testing.T, s *site, p *host.Plugin) {
		s.reload(p, edition{version: "1.1.0", with: m{"timeouts": hurried}})
		kills(t, p, syscall.SIGSTOP)
	},
	"on probation, its predecessor stopped in a call": func(t *testing.T, s *site, p *host.Plugin) {
		before := p.Status().PID
		streaming(t, oddityapi.Count, p)
		s.reload(p, edition{version: "1.1.0", with: m{"timeouts": hurried}})
		mustDo(t, syscall.Kill(before, syscall.SIGSTOP))
	},
	"waiting to be started again": func(t *testing.T, _ *site, p *host.Plugin) {
		kills(t, p, syscall.SIGKILL)
		isIn(t, p, host.Backoff)
	},
	"reloading to a version that hangs": func(t *testing.T, s *site, p *host.Plugin) {
		s.hangsInReload(t, p, edition{version: "1.1.0", binary: "crasher", env: m{"CRASHER_START": "silent"}})
	},
	"reloading to a version that hangs instead of it": func(t *testing.T, s *site, p *host.Plugin) {
		s.hangsInReload(t, p, edition{version: "1.1.0", binary: "crasher", env: m{"CRASHER_START": "silent"}, with: m{"reload": m{"mode": "restart"}, "timeouts": hurried}})
	},
	"reloading, stopped": func(t *testing.T, s *site, p *host.Plugin) {
		s.hangsInReload(t, p, edition{version: "1.1.0", binary: "crasher", env: m{"CRASHER_START": "silent"}})
		kills(t, p, syscall.SIGSTOP)
	},
}

// hangsInReload begins a reload that comes to no end by itself, and waits for its new process.
func (s *site) hangsInReload(t *testing.T, p *host.Plugin, e edition) {
	t.Helper()
	s.put(e)
	ended := make(chan error, 1) // from the reload, once
	go func() { ended <- p.Reload(context.Background()) }()
	isIn(t, p, host.Reloading)
	until(t, 30*time.Second, "launched", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.groups) == 2 })
	t.Cleanup(func() { // behind Close
		if err := <-ended; err == nil {
			t.Error("a reload that was broken off has no error")
		}
	})
}

func TestCloseEndsAPluginInTheMiddleOfAnything(t *testing.T) {
	for what, begin := range unfinished {
		t.Run(what, func(t *testing.T) {
			s := newSite(t)
			s.put(edition{version: "1.0.0", with: m{"timeouts": hurried, "restart": m{"backoff": "1h", "maxBackoff": "1h"}}})
			h := s.openAsIs()
			begin(t, s, h.Plugin("oddity"))
			s.close(h) // within its time
			if st := h.Plugin("oddity").Status(); st.Active {
				t.Errorf("status %+v", st)
			}
		})
	}
}

func TestALazyPluginHasAProcessFromItsFirstCallUntilItIsIdle(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"activation": "lazy", "idle": "300ms"}})
	h := s.openAsIs()
	p := h.Plugin("oddity")
	if st := p.Status(); st.State != host.Idle || st.Active || len(processesOf(nil)) != 0 {
		t.Errorf("before the first call: %+v, processes %v", st, processesOf(nil))
	}
	last := 0
	for range 3 {
		self := answers(t, p, "1.0.0")
		if self.PID == last {
			t.Errorf("process %d answers again", last)
		}
		last = self.PID
		isIn(t, p, host.Idle)
		isGone(t, last)
	}
}
