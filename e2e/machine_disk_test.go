//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
)

// mounts puts a file system in memory over a folder, until the end of the test.
func mounts(t *testing.T, dir, options string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+options)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("only root may mount a file system, and not everywhere")
	}
	mustDo(t, err)
	t.Cleanup(func() { mustDo(t, syscall.Unmount(dir, 0)) })
}

// remounts changes it.
func remounts(t *testing.T, dir string, flags uintptr, options string) {
	t.Helper()
	mustDo(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, options))
}

// fills writes a file until there is no space left.
func fills(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	mustDo(t, err)
	defer f.Close()
	for _, piece := range []int64{1 << 20, 4096, 1} {
		for err = nil; err == nil; {
			_, err = io.CopyN(f, zeros{}, piece)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// ofOddity is how much space a copy of the oddity takes, in KiB.
func ofOddity(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(binaries, "oddity"))
	mustDo(t, err)
	return info.Size()>>10 + 64
}

// patient are settings of a plugin that is started again for as long as a test takes.
func patient() m { return quick(m{"restart": m{"max": 1000, "backoff": "50ms", "maxBackoff": "50ms"}}) }

func TestAHostWithstandsADiskThatIsFull(t *testing.T) {
	incident(t, "no space for copies, in a launch; then there is", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, "size=1m")
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		r.Rule = says1(failure(t, h, "oddity"))
		says(t, errors.New(r.Rule), "no space is left for copies of plugins", "free some, or set another state folder")
		remounts(t, s.state, 0, "size=200m")
		timed(t, r, 20*time.Second, "another start", func() { r.After = who(t, h.Plugin("oddity")).Version + " answers" })
	})
	incident(t, "no space for copies, in a reload; then there is", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, fmt.Sprintf("size=%dk", ofOddity(t)*3/2))
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		s.put(edition{version: "1.1.0", with: patient()})
		timed(t, r, 20*time.Second, "Reload", func() { r.Rule = says1(p.Reload(context.Background())) })
		says(t, errors.New(r.Rule), "no space is left for copies of plugins")
		r.After = answers(t, p, "1.0.0").Version + " answers"
		remounts(t, s.state, 0, "size=200m")
		mustDo(t, p.Reload(t.Context()))
		answers(t, p, "1.1.0")
	})
	incident(t, "no space for the record of a kept plugin, in a reload", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, "size=200m")
		kept := quick(keptFor("1h"))
		s.put(edition{version: "1.0.0", with: kept})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		next := quick(keptFor("1h"))
		next["args"] = []string{"another"} // the same files, and another process
		s.put(edition{version: "1.0.0", with: next})
		fills(t, s.state)
		timed(t, r, 20*time.Second, "Reload", func() { r.Rule = says1(p.Reload(context.Background())) })
		says(t, errors.New(r.Rule), "no space left on device")
		r.After = answers(t, p, "1.0.0").Version + " answers"
		mustDo(t, os.Remove(filepath.Join(s.state, "filler")))
		mustDo(t, p.Reload(t.Context()))
	})
}

func TestAHostWithstandsADiskThatIsFullBesideItsPlugins(t *testing.T) {
	incident(t, "no space for the digests of files, in Close", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, "size=200m")
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		s.put(edition{version: "1.1.0", with: patient()})
		mustDo(t, h.Plugin("oddity").Reload(t.Context()))
		<-time.After(150 * time.Millisecond) // digests of files that changed a moment ago are not kept
		fills(t, s.state)
		timed(t, r, 20*time.Second, "Close", func() { s.close(h) })
		e := s.log.mustFind(t, "the next host has to read every file of its plugins again")
		r.Rule, r.After = e.message+": "+e.fields["error"], "closed"
		mustDo(t, os.Remove(filepath.Join(s.state, "filler")))
	})
	incident(t, "no space in the state folder, in Open", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, "size=1m")
		fills(t, s.state)
		s.refusesToOpen(r, "no space left on device")
	})
	incident(t, "no space in the runtime folder, in Open", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.runtime, "nr_inodes=1")
		s.refusesToOpen(r, "runtime folder", "no space left on device")
	})
	incident(t, "no space for a socket, in a launch; then there is", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.runtime, "nr_inodes=3") // the folder above, the host's own, and its lock
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		r.Rule = says1(failure(t, h, "oddity"))
		says(t, errors.New(r.Rule), "no space left on device")
		remounts(t, s.runtime, 0, "nr_inodes=1000")
		timed(t, r, 20*time.Second, "another start", func() { r.After = who(t, h.Plugin("oddity")).Version + " answers" })
		s.close(h)
	})
}

// refusesToOpen opens a host, which must say these parts.
func (s *site) refusesToOpen(r *faults.Record, parts ...string) {
	s.t.Helper()
	s.put(edition{version: "1.0.0", with: patient()})
	timed(s.t, r, 20*time.Second, "Open", func() {
		h, err := host.Open(s.t.Context(), s.config())
		if err == nil {
			h.Close()
		}
		r.Rule, r.After = says1(err), "not open"
		says(s.t, err, parts...)
	})
}

func TestAHostWithstandsADiskThatBecomesReadOnly(t *testing.T) {
	incident(t, "the state folder is read-only, in Open", func(t *testing.T, s *site, r *faults.Record) {
		mounts(t, s.state, "size=1m")
		remounts(t, s.state, syscall.MS_RDONLY, "")
		s.refusesToOpen(r, "read-only file system")
	})
	incident(t, "the state folder becomes read-only: a crash, and a reload", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		writable := readOnly(t, s.state)
		before := kills(t, p, syscall.SIGKILL)
		until(t, 10*time.Second, "another process", func() bool { st := p.Status(); return st.State == host.Ready && st.PID != before })
		s.put(edition{version: "1.1.0", with: patient()})
		timed(t, r, 20*time.Second, "Reload", func() { r.Rule = says1(p.Reload(context.Background())) })
		says(t, errors.New(r.Rule), "read-only file system", "mount it writable")
		r.After = answers(t, p, "1.0.0").Version + " answers"
		writable()
	})
	incident(t, "the runtime folder becomes read-only: a crash; then it is writable", func(t *testing.T, s *site, r *faults.Record) {
		s.put(edition{version: "1.0.0", with: patient()})
		h := s.openAsIs()
		p := h.Plugin("oddity")
		writable := readOnly(t, s.runtime)
		kills(t, p, syscall.SIGKILL)
		timed(t, r, 20*time.Second, "a start", func() { isIn(t, p, host.Failed) })
		r.Rule, r.After = p.Status().Reason, string(p.Status().State)
		writable()
		mustDo(t, p.Reload(t.Context()))
		r.After += ", until it is reloaded"
		answers(t, p, "1.0.0")
	})
}

// readOnly has a folder be one that nobody can write to, until the result is called. What is open stays so.
func readOnly(t *testing.T, dir string) (writable func()) {
	t.Helper()
	err := syscall.Mount(dir, dir, "", syscall.MS_BIND, "")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("only root may mount a file system, and not everywhere")
	}
	mustDo(t, err)
	once := sync.OnceFunc(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	t.Cleanup(once)
	mustDo(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""))
	return once
}
