//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
)

// crash has a plugin crash, and waits until another process answers.
func crash(t *testing.T, p *host.Plugin) {
	t.Helper()
	before := kills(t, p, syscall.SIGKILL)
	until(t, 20*time.Second, "another process", func() bool { st := p.Status(); return st.State == host.Ready && st.PID != before })
}

func TestAHostWithstandsThatItsFoldersAreRemoved(t *testing.T) {
	folders := []struct {
		name string
		of   func(*site) string
	}{
		{"runtime", func(s *site) string { return s.runtime }},
		{"state", func(s *site) string { return s.state }},
		{"plugins", func(s *site) string { return s.plugins }},
	}
	for _, f := range folders {
		incident(t, "the "+f.name+" folder is removed: a call, a crash, a reload", func(t *testing.T, s *site, r *faults.Record) {
			s.put(edition{version: "1.0.0", with: patient()})
			h := s.open()
			p := h.Plugin("oddity")
			before := p.Status()
			mustDo(t, os.RemoveAll(f.of(s)))
			s.stillRuns(h, before)
			timed(t, r, 20*time.Second, "another process", func() { crash(t, p) })
			answers(t, p, "1.0.0")
			r.Rule = says1(p.Reload(context.Background()))
			r.After = answers(t, p, "1.0.0").Version + " answers"
			if f.name == "plugins" {
				says(t, errors.New(r.Rule), "read plugins folder", "no such file")
			}
			s.goesOn(h)
		})
	}
	incident(t, "the plugins folder is emptied, and the copy that runs is altered: a crash", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		empties(t, s.plugins)
		empties(t, filepath.Join(s.state, "store"))
		timed(t, r, 20*time.Second, "the end", func() { kills(t, p, syscall.SIGKILL); isIn(t, p, host.Failed) })
		r.Rule, r.After = p.Status().Reason, string(p.Status().State)
		says(t, errors.New(r.Rule), "somebody has written to the store, or a disk is damaged", "reload the plugin to have it run those")
	})
}

// empties removes all that is in a folder.
func empties(t *testing.T, dir string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	mustDo(t, err)
	for _, e := range all {
		mustDo(t, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
}

func TestAHostWithstandsThatACopyIsAlteredOnDisk(t *testing.T) {
	slow := m{"restart": m{"policy": "on-failure", "max": 5, "backoff": "300ms"}}
	incident(t, "the copy that is to run again is altered in place, with the same size; the plugins folder is as it was", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: slow})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		kills(t, p, syscall.SIGKILL)
		isIn(t, p, host.Backoff)
		alters(t, s)
		timed(t, r, 20*time.Second, "another process", func() { r.After = answers(t, p, "1.0.0").Version + " answers: the copy is made anew" })
	})
	incident(t, "the same, and the plugins folder has another version by now", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: slow})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		s.put(edition{version: "1.1.0", with: slow})
		kills(t, p, syscall.SIGKILL)
		isIn(t, p, host.Backoff)
		alters(t, s)
		timed(t, r, 20*time.Second, "the end", func() { isIn(t, p, host.Failed) })
		r.Rule, r.After = p.Status().Reason, string(p.Status().State)
		mustDo(t, p.Reload(t.Context()))
		r.After += ", until it is reloaded"
		answers(t, p, "1.1.0")
	})
	incident(t, "a copy is altered while no host runs, with its old times", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: slow})
		s.close(s.openAsIs())
		alters(t, s)
		var h *host.Host
		timed(t, r, 20*time.Second, "Open", func() { h = s.openAsIs() })
		r.After = answers(t, h.Plugin("oddity"), "1.0.0").Version + " answers: the copy is made anew"
	})
}

// alters writes other bytes into each program of the store, in place: its size and the time of its last change are as they were.
func alters(t *testing.T, s *site) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.state, "store", "*", "oddity"))
	mustDo(t, err)
	for _, path := range found {
		info, err := os.Stat(path)
		mustDo(t, err)
		mustDo(t, os.Chmod(path, 0o700))
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		mustDo(t, err)
		_, err = f.WriteAt(bytes.Repeat([]byte("#"), 4096), 0)
		mustDo(t, errors.Join(err, f.Close(), os.Chmod(path, info.Mode().Perm()), os.Chtimes(path, info.ModTime(), info.ModTime())))
	}
}

// damages are what may become of a file of the state folder.
var damages = map[string]func(text []byte) []byte{
	"empty":                func([]byte) []byte { return nil },
	"torn":                 func(text []byte) []byte { return text[:len(text)/2] },
	"of a later version":   func([]byte) []byte { return []byte(`{"record": 2, "plugins": [{"name": "oddity"}]}`) },
	"with unknown members": func(text []byte) []byte { return bytes.Replace(text, []byte("{"), []byte(`{"later": {"a": [1]}, `), 1) },
}

func TestAHostWithstandsStateFilesThatAreDamaged(t *testing.T) {
	for _, damage := range []string{"empty", "torn", "of a later version", "with unknown members"} {
		incident(t, "the record of a kept process is "+damage, func(t *testing.T, s *site, r *faults.Record) {
			s.put(edition{version: "1.0.0", with: quick(keptFor("2s"))})
			st := s.perform(play{})
			pid := st.cast.Plugins["oddity"]
			st.dies()
			path := s.records()[0]
			text, err := os.ReadFile(path)
			mustDo(t, err)
			mustDo(t, os.WriteFile(path, damages[damage](text), 0o600))
			var h *host.Host
			timed(t, r, 20*time.Second, "Open", func() { h = s.openAsIs() })
			self := answers(t, h.Plugin("oddity"), "1.0.0")
			if damage == "with unknown members" {
				r.After = "re-attached"
				if self.PID != pid {
					t.Errorf("process %d answers, it was %d", self.PID, pid)
				}
				return
			}
			e := s.log.mustFind(t, "the record of a kept instance cannot be read")
			r.Rule, r.After = e.message, "started anew"
			isGone(t, pid) // by itself
		})
	}
	incident(t, "the saved digests and the lock are torn", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		s.close(s.openAsIs())
		for _, path := range []string{filepath.Join(s.state, "store", "digests"), filepath.Join(s.state, "host.lock")} {
			mustDo(t, os.WriteFile(path, []byte("hotplug dig"), 0o600))
		}
		var h *host.Host
		timed(t, r, 20*time.Second, "Open", func() { h = s.openAsIs() })
		r.After = answers(t, h.Plugin("oddity"), "1.0.0").Version + " answers"
		if text, err := os.ReadFile(filepath.Join(s.state, "host.lock")); err != nil || strings.Contains(string(text), "hotplug") {
			t.Errorf("the lock says %q, %v", text, err)
		}
	})
}

// What uses the wall clock: the times of files alone. Windows of restarts, backoff, health checks, time-outs and probation are measured by Go's
// monotonic clock, deadlines and leases travel as durations, and processes are told from others by the ticks since the machine was started. Of files
// the time of use of a copy counts, for how long it is kept, and the age of a runtime folder, for whether it was left; and the times of a file tell
// whether it has changed, for which they are compared with themselves.
func TestAHostWithstandsAClockThatJumps(t *testing.T) {
	for name, shift := range map[string]time.Duration{"an hour ahead": time.Hour, "forty days ahead": 40 * 24 * time.Hour, "forty days back": -40 * 24 * time.Hour} {
		incident(t, "all files are from a clock that was "+name, func(t *testing.T, s *site, r *faults.Record) {
			s.put(edition{version: "1.0.0", with: quick(keptFor("1h"))})
			st := s.perform(play{})
			pid := st.cast.Plugins["oddity"]
			st.dies()
			then := time.Now().Add(shift)
			for _, dir := range []string{s.plugins, s.state, s.runtime} {
				mustDo(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
					return errors.Join(err, os.Chtimes(path, then, then))
				}))
			}
			var h *host.Host
			timed(t, r, 20*time.Second, "Open", func() { h = s.openAsIs() })
			p := h.Plugin("oddity")
			if self := answers(t, p, "1.0.0"); self.PID != pid {
				t.Errorf("process %d answers, it was %d: %s", self.PID, pid, p.Status().Reason)
			}
			r.After = "re-attached, and reloads"
			s.put(edition{version: "1.1.0", with: quick(keptFor("1h"))})
			mustDo(t, p.Reload(t.Context()))
			answers(t, p, "1.1.0")
			s.close(h)
			mustDo(t, os.RemoveAll(s.runtime)) // what the host that was killed has left is swept when it is old enough
			mustDo(t, os.Mkdir(s.runtime, 0o700))
		})
	}
}
