//go:build linux

package e2e_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// incident plays a row of what the machine does, and records it: what was said, what followed, how long it took, and that nothing is left.
func incident(t *testing.T, name string, play func(t *testing.T, s *site, r *faults.Record)) {
	t.Run(name, func(t *testing.T) {
		r := faults.Record{Side: "machine", Fault: name, Times: 1, Bytes: -1}
		t.Cleanup(func() { // behind the site's own, which look for what is left
			if !t.Skipped() {
				writeRecord(t, r)
			}
		})
		s := newSite(t)
		play(t, s, &r)
		r.Rule = strings.NewReplacer(s.state, "STATE", s.plugins, "PLUGINS", s.runtime, "RUNTIME").Replace(r.Rule)
		t.Logf("%dms, %s: %s", r.Took, r.After, r.Rule)
	})
}

// timed notes how long something takes, which may be no longer than the limit.
func timed(t *testing.T, r *faults.Record, limit time.Duration, what string, fn func()) {
	t.Helper()
	begun := time.Now()
	within(t, limit, what, fn)
	r.Took = time.Since(begun).Milliseconds()
}

// says1 is an error's first line; empty without one.
func says1(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// quick are the settings of a plugin that does not keep its host waiting.
func quick(more m) m {
	all := m{
		"restart":  m{"policy": "on-failure", "max": 5, "backoff": "10ms"},
		"timeouts": m{"start": "1s", "drain": "300ms", "stop": "200ms", "call": "10s"},
		"health":   m{"interval": "300ms", "misses": 2},
	}
	for key, value := range more {
		all[key] = value
	}
	return all
}

// faulty is an edition in one of whose hooks a process is killed or stopped, once.
func faulty(t *testing.T, version, mode, reload, address, fault string) edition {
	return edition{version: version, mode: mode,
		env:  m{oddityapi.EnvFault: fault, oddityapi.EnvFaultFile: filepath.Join(t.TempDir(), "done"), oddityapi.EnvPort: address},
		with: quick(m{"reload": m{"mode": reload, "quiesce": "500ms", "rollbackWindow": "500ms", "rollback": "stale"}})}
}

// A step is a moment in the life of a plugin, as one of its hooks sees it.
type step struct {
	hook, mode, reload string
	old                bool   // it is the old process whose hook it is
	next               string // mode of the version that follows; empty: the same
}

// steps are those of a reload.
var steps = []step{
	{hook: "start", mode: oddityapi.ModeKeeps, reload: "overlap"},
	{hook: "restore", mode: oddityapi.ModeKeeps, reload: "overlap"},
	{hook: "snapshot", mode: oddityapi.ModeKeeps, reload: "overlap", old: true},
	{hook: "restore", mode: oddityapi.ModePort, reload: "handoff"},
	{hook: "release", mode: oddityapi.ModePort, reload: "handoff", old: true},
	{hook: "resume", mode: oddityapi.ModePort, reload: "handoff", old: true, next: oddityapi.ModeNoStart},
	{hook: "stop", mode: oddityapi.ModeKeeps, reload: "restart", old: true},
}

// did is what a signal does to a process.
var did = map[string]string{"kill": "killed", "stop": "stopped"}

// whose says whose hook a step is.
func (st step) whose() string {
	if st.old {
		return "the old process"
	}
	return "the new process"
}

// editions are the version before and the one that follows.
func (st step) editions(t *testing.T, fault string) (before, next edition) {
	address := freeAddress(t)
	before, next = faulty(t, "1.0.0", st.mode, st.reload, address, ""), faulty(t, "1.1.0", st.mode, st.reload, address, fault)
	if st.old {
		before, next = faulty(t, "1.0.0", st.mode, st.reload, address, fault), faulty(t, "1.1.0", st.mode, st.reload, address, "")
	}
	if st.next != "" {
		next.mode = st.next
	}
	return before, next
}

func TestAHostWithstandsAProcessThatEndsOrStopsAtAnyStepOfAReload(t *testing.T) {
	for _, signal := range []string{"kill", "stop"} {
		for _, st := range steps {
			incident(t, st.whose()+" is "+did[signal]+" in its "+st.hook+" hook, in a reload of mode "+st.reload, func(t *testing.T, s *site, r *faults.Record) {
				before, next := st.editions(t, st.hook+" "+signal+" self")
				s.put(before)
				h := s.open()
				p := h.Plugin("oddity")
				s.put(next)
				timed(t, r, 20*time.Second, "Reload", func() { r.Rule = says1(p.Reload(context.Background())) })
				r.After = who(t, p).Version + " answers"
				s.goesOn(h)
			})
		}
	}
}

func TestAHostWithstandsAProcessThatStopsBeforeItReadsALargeState(t *testing.T) {
	incident(t, "the new process is stopped before it reads the 8 MiB that it is to restore", func(t *testing.T, s *site, r *faults.Record) {
		before, next := step{hook: "configured", mode: oddityapi.ModeKeeps, reload: "overlap"}.editions(t, "configured stop self")
		for _, e := range []edition{before, next} {
			e.env[oddityapi.EnvBulk] = "8388608"
			e.with["config"] = m{"default": m{"a": 1}}
		}
		s.put(before)
		h := s.open()
		p := h.Plugin("oddity")
		s.put(next)
		timed(t, r, 30*time.Second, "Reload", func() { r.Rule = says1(p.Reload(context.Background())) })
		r.After = answers(t, p, "1.0.0").Version + " answers"
	})
}

func TestAHostWithstandsAProcessThatEndsOrStopsAtAnyStepOfALaunch(t *testing.T) {
	for _, signal := range []string{"kill", "stop"} {
		for _, hook := range []string{"launch", "start", "configure"} {
			incident(t, "a process is "+did[signal]+" in its "+hook+" hook, in a launch", func(t *testing.T, s *site, r *faults.Record) {
				e := faulty(t, "1.0.0", "", "overlap", "", hook+" "+signal+" self")
				e.with["config"] = m{"default": m{"a": 1}}
				s.put(e)
				var h *host.Host
				timed(t, r, 20*time.Second, "Open", func() { h = s.open() })
				r.After = who(t, h.Plugin("oddity")).Version + " answers"
				r.Rule = s.firstFailure("oddity")
				s.goesOn(h)
			})
		}
	}
}

func TestAHostWithstandsAProcessThatEndsOrStopsWhileItIsAskedToEnd(t *testing.T) {
	for _, signal := range []string{"kill", "stop"} {
		incident(t, "a process is "+did[signal]+" in its stop hook, in Close", func(t *testing.T, s *site, r *faults.Record) {
			s.put(faulty(t, "1.0.0", "", "overlap", "", "stop "+signal+" self"))
			h := s.open()
			timed(t, r, 20*time.Second, "Close", func() { mustDo(t, h.Plugin("oddity").Close()) })
			d, _ := s.shutdown("oddity")
			r.Rule, r.After = d.Exit, string(h.Plugin("oddity").Status().State)
			s.goesOn(h)
		})
	}
}

// firstFailure is the first reason for which a plugin did not run. Events come after their state.
func (s *site) firstFailure(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Plugin == name && e.Err != nil {
			return e.Reason
		}
	}
	return ""
}

// dealings are what may be asked of a plugin whose process is stopped, and how long it may take: ten times what is promised.
var dealings = []struct {
	name  string
	limit time.Duration
	do    func(*host.Plugin) error
}{
	{"a call", 5 * time.Second, func(p *host.Plugin) error {
		_, err := oddityapi.Add.Call(context.Background(), p, number{N: 1})
		return err
	}},
	{"Ping", 5 * time.Second, func(p *host.Plugin) error { _, err := p.Ping(context.Background()); return err }},
	{"Reload", 20 * time.Second, func(p *host.Plugin) error { return p.Reload(context.Background()) }},
	{"Disconnect", 5 * time.Second, func(p *host.Plugin) error { return p.Disconnect(context.Background()) }},
	{"Reconnect", 10 * time.Second, func(p *host.Plugin) error { return p.Reconnect(context.Background()) }},
	{"Close", 20 * time.Second, func(p *host.Plugin) error { return p.Close() }},
}

func TestAHostWithstandsAStoppedProcessWhateverIsAskedOfIt(t *testing.T) {
	for _, d := range dealings {
		incident(t, d.name+" of a plugin whose process is stopped", func(t *testing.T, s *site, r *faults.Record) {
			s.put(edition{version: "1.0.0", mode: oddityapi.ModeKeeps, with: m{"timeouts": m{"start": "500ms", "call": "400ms", "drain": "300ms", "stop": "200ms"},
				"health": m{"interval": "0s"}, "disconnect": m{"mode": "keep-alive", "timeout": "1h"}}})
			h := s.open()
			p := h.Plugin("oddity")
			if d.name == "Reconnect" {
				mustDo(t, p.Disconnect(t.Context()))
			}
			pid := kills(t, p, 19) // SIGSTOP
			timed(t, r, d.limit, d.name, func() { r.Rule = says1(d.do(p)) })
			r.After = string(p.Status().State)
			s.goesOn(h)
			timed(t, &faults.Record{}, 20*time.Second, "Close", func() { s.close(h) })
			isGone(t, pid)
		})
	}
}
