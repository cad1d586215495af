//go:build linux

package e2e_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lockfile"
)

// tampering is what somebody does to a plugin's copy in the store. What it writes leaves a mark if it runs.
var tampering = map[string]func(t *testing.T, copied, mark string){
	"its program is rewritten in place, with its size and its times": func(t *testing.T, copied, mark string) {
		path := filepath.Join(copied, "oddity")
		info, err := os.Stat(path)
		mustDo(t, err)
		mustDo(t, os.Chmod(path, 0o700))
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		mustDo(t, err)
		_, err = f.WriteString(marks(mark))
		mustDo(t, errors.Join(err, f.Close(), os.Chmod(path, info.Mode().Perm()), os.Chtimes(path, info.ModTime(), info.ModTime())))
	},
	"its program is another file": func(t *testing.T, copied, mark string) {
		mustDo(t, os.Chmod(copied, 0o700))
		beside := filepath.Join(t.TempDir(), "other")
		mustDo(t, os.WriteFile(beside, []byte(marks(mark)), 0o500))
		mustDo(t, os.Rename(beside, filepath.Join(copied, "oddity")))
	},
	"a file is added": func(t *testing.T, copied, mark string) {
		mustDo(t, os.Chmod(copied, 0o700))
		mustDo(t, os.WriteFile(filepath.Join(copied, "added"), nil, 0o400))
	},
}

// marks is a program that leaves a file at mark.
func marks(mark string) string { return "#!/bin/sh\ntouch '" + mark + "'\nexit 3\n" }

// lockedRun is a plugin that a locked host runs, and what stands in the lock file of it.
type lockedRun struct {
	*site
	h      *host.Host
	p      *host.Plugin
	locked lockfile.Build
	copied string // its folder in the store
	mark   string
}

// runLocked accepts version 1.0.0 and has a host run it, which waits before it starts it again.
func runLocked(t *testing.T, sh *shell) *lockedRun {
	t.Helper()
	s := newSite(t)
	s.put(lockedEdition())
	mustDo(t, os.WriteFile(filepath.Join(s.plugins, "oddity", "data"), []byte("one"), 0o644))
	s.locks(sh)
	f, err := lockfile.Lock{Folders: []string{s.plugins}}.Read()
	mustDo(t, err)
	r := &lockedRun{site: s, mark: filepath.Join(t.TempDir(), "mark")}
	r.open()
	for _, build := range f.Plugins[0].Platforms {
		r.locked = build
	}
	r.copied = filepath.Join(s.state, "store", r.locked.Files)
	r.runs()
	return r
}

// open opens the locked host.
func (r *lockedRun) open() {
	r.h = r.openAsIs(func(c *host.Config) { c.Locked = true })
	r.p = r.h.Plugin("oddity")
}

func lockedEdition() edition {
	return edition{version: "1.0.0", with: m{"restart": m{"policy": "on-failure", "max": 5, "backoff": "1s"}}}
}

// runs checks that what answers is what is locked, to the byte, and that Status says so.
func (r *lockedRun) runs() {
	r.t.Helper()
	self := answers(r.t, r.p, "1.0.0")
	program, err := os.ReadFile(fmt.Sprintf("/proc/%d/exe", self.PID))
	mustDo(r.t, err)
	if sum := fmt.Sprintf("%x", sha256.Sum256(program)); sum != r.locked.SHA256 || r.p.Status().Hash != r.locked.Files {
		r.t.Errorf("a program of the SHA-256 %s runs, status %+v; locked is %+v", sum, r.p.Status(), r.locked)
	}
	r.neverRan()
	if _, err := os.Lstat(filepath.Join(r.copied, "added")); err == nil {
		r.t.Error("the copy that runs has a file that was never accepted")
	}
}

// neverRan checks that what was written into the store has left no mark.
func (r *lockedRun) neverRan() {
	r.t.Helper()
	if _, err := os.Lstat(r.mark); err == nil {
		r.t.Error("what somebody has written into the store was run")
	}
}

// dies has its process end. The host starts another in a second.
func (r *lockedRun) dies() {
	r.t.Helper()
	kills(r.t, r.p, syscall.SIGKILL)
	isIn(r.t, r.p, host.Backoff)
}

func TestALockedHostNeverRunsWhatSomebodyWroteIntoItsStore(t *testing.T) {
	sh := newShell(t)
	for what, tamper := range tampering {
		for when, play := range map[string]func(t *testing.T, r *lockedRun, tamper func()){
			"started after a crash": func(t *testing.T, r *lockedRun, tamper func()) {
				r.dies()
				tamper()
				isIn(t, r.p, host.Ready)
			},
			"reloaded": func(t *testing.T, r *lockedRun, tamper func()) {
				r.dies()
				tamper()
				mustDo(t, r.p.Reload(t.Context()))
			},
			"switched off and on": func(t *testing.T, r *lockedRun, tamper func()) {
				mustDo(t, r.p.Disable(t.Context()))
				tamper()
				mustDo(t, r.p.Enable(t.Context()))
			},
		} {
			t.Run(what+", "+when, func(t *testing.T) {
				r := runLocked(t, sh)
				play(t, r, func() { tamper(t, r.copied, r.mark) })
				r.runs()
			})
		}
	}
}

func TestALockedHostDoesNotStartAnAlteredCopyWhoseOriginalIsGone(t *testing.T) {
	sh := newShell(t)
	for what, tamper := range tampering {
		t.Run(what, func(t *testing.T) {
			r := runLocked(t, sh)
			r.put(edition{version: "1.1.0"})
			r.dies()
			tamper(t, r.copied, r.mark)
			isIn(t, r.p, host.Failed)
			r.neverRan()
			if s := r.p.Status(); s.Active || s.PID != 0 || s.Hash != r.locked.Files {
				t.Errorf("status %+v, want no process", s)
			}
			says(t, errors.New(r.p.Status().Error), "somebody has written to the store, or a disk is damaged", "reload the plugin to have it run those")
			says(t, r.p.Reload(t.Context()), `plugin "oddity" 1.1.0 differs from the lock file `)
			r.put(lockedEdition())
			mustDo(t, r.p.Reload(t.Context()))
			r.runs()
		})
	}
}
