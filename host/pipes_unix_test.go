//go:build unix

package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/host"
)

// pipe puts a named pipe at a path, in place of what is there.
func pipe(t *testing.T, path string) {
	t.Helper()
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err = errors.Join(err, syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestAPipeInPlaceOfTheLockFileHasALockedHostRefuseAndNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		w.lock()
		p := w.open().Plugin("one")
		w.write(w.path("one/run"), "#!/bin/sh\n: new\n", 0o755)
		pipe(t, w.path("plugins.lock"))
		refuses(t, p.Reload(t.Context()), `plugin "one" 1.0.0 is not started, since nothing says that it was accepted: lock file `+w.path("plugins.lock")+
			": found a named pipe, want a regular file: restore it, or remove it and write it anew with `hotplug lock "+w.config.Dir+"`")
		if s := p.Status(); s.State != host.Ready || s.Generation != 1 {
			t.Errorf("%+v", s)
		}
		w.lock() // which replaces it
		w.reload(p)
	})
}

func TestALockedHostDoesNotOpenWithAPipeForALockFile(t *testing.T) {
	w := newWorld(t)
	w.config.Locked = true
	pipe(t, w.path("plugins.lock"))
	_, err := host.Open(w.ctx(), w.config)
	refuses(t, err, "lock file "+w.path("plugins.lock")+": found a named pipe, want a regular file: ")
}

func TestAPipeInPlaceOfAnyFileOfAKeptProcessKeepsNoHostWaiting(t *testing.T) {
	for ending, counted := range map[string]string{".json": "1", ".stdout": "1", ".stderr": "1", ".logged": "1", ".new": "2"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &newTally().fake, kept)
			h := w.open()
			if got := count(t, h.Plugin("one")); got != "1" {
				t.Fatalf("counted %s", got)
			}
			w.detach(h)
			w.cast("one", &newTally().fake)
			pipe(t, strings.TrimSuffix(w.records()[0], ".json")+ending)
			p := w.open().Plugin("one")
			if got := count(t, p); got != counted {
				t.Errorf("%s: counted %s, want %s", ending, got, counted)
			}
			w.reload(p)
			if s := p.Status(); s.State != host.Ready {
				t.Errorf("%s: %+v", ending, s)
			}
		})
	}
}

func TestAPipeInPlaceOfTheLockOfAStateFolderIsRefusedThoughSomebodyHoldsItLocked(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.config.StateDir, "host.lock")
	pipe(t, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, err = host.Open(w.ctx(), w.config)
	refuses(t, err, "lock state folder "+w.config.StateDir+": found a named pipe, want a regular file at "+path+": remove what is there")
}
