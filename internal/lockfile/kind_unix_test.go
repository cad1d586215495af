//go:build unix

package lockfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/internal/lockfile"
)

func TestWhatIsNoRegularFileIsNoLockFileAndKeepsNobodyWaiting(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	folder := filepath.Join(s.dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(s.Path(), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, found := range map[string]string{s.Path(): "a named pipe", folder: "a folder", "/dev/zero": "a device"} {
		l := lockfile.Lock{File: path, Folders: s.Folders}
		want := "lock file " + path + ": found " + found + ", want a regular file: restore it, or remove it and write it anew with `hotplug lock "
		if _, err := l.Read(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s...", err, want)
		}
	}
	if f := s.write(); len(f.Plugins) != 1 {
		t.Errorf("what was written in the pipe's place has %+v", f.Plugins)
	}
}
