//go:build unix

package host_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/asroot"
)

func TestRuntimeFolderIsRefusedWhereOthersCouldReplaceIt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open, sticky, group := filepath.Join(dir, "open"), filepath.Join(dir, "sticky"), filepath.Join(dir, "group")
	for path, mode := range map[string]os.FileMode{open: 0o777, sticky: 0o777 | os.ModeSticky, group: 0o770} {
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		dir: "", sticky: "", file: "is not a folder", open: "has mode 0777: others can replace what is in it", group: "has mode 0770", dir + "/none": "no such file",
	} {
		err := host.CheckRuntimeParent(path)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestRuntimeFolderOfAnotherUserIsRefused(t *testing.T) {
	asroot.Need(t, "only root can give a folder away")
	dir := t.TempDir()
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Skip(err)
	}
	if err := host.CheckRuntimeParent(dir); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
		t.Error(err)
	}
}

func TestTheRuntimeFolderIsPrivateAndGoneAfterClose(t *testing.T) {
	w := newWorld(t)
	h := w.open()
	info, err := os.Stat(h.RuntimeDir())
	if err != nil || info.Mode().Perm() != 0o700 || filepath.Dir(h.RuntimeDir()) != w.config.RuntimeDir {
		t.Errorf("%s: %v, %v", h.RuntimeDir(), info, err)
	}
	h.Close()
	if left, err := os.ReadDir(w.config.RuntimeDir); len(left) != 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestTheDefaultRuntimeFolderIsTheSessionsIfItIsSafe(t *testing.T) {
	session := newWorld(t).config.RuntimeDir
	t.Setenv("XDG_RUNTIME_DIR", session)
	t.Setenv("TMPDIR", newWorld(t).config.RuntimeDir)
	for mode, want := range map[os.FileMode]string{0o700: session, 0o777: os.TempDir()} {
		if err := os.Chmod(session, mode); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		w.config.RuntimeDir = ""
		if got := filepath.Dir(w.open().RuntimeDir()); got != want {
			t.Errorf("mode %v: %s, want %s", mode, got, want)
		}
	}
}

func TestARuntimeFolderTooLongForSocketsIsRefusedBeforeAnythingStarts(t *testing.T) {
	w := newWorld(t)
	w.add("one", &fake{})
	w.config.RuntimeDir = filepath.Join(w.config.RuntimeDir, strings.Repeat("x", 100))
	if err := os.Mkdir(w.config.RuntimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := host.Open(w.ctx(), w.config)
	if err == nil || !strings.Contains(err.Error(), "allows 107: set RuntimeDir to a shorter folder") && !strings.Contains(err.Error(), "allows 103: set") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(w.config.RuntimeDir); len(left) != 0 || len(w.Starter.Started()) != 0 {
		t.Errorf("left %v, started %v", left, w.Starter.Started())
	}
}

// leave makes a folder as a killed host leaves it, or one that only looks like it.
func leave(t *testing.T, dir string, files ...string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f == "socket" {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "1"), Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			l.Close()
		} else if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatAKilledHostLeftIsSwept(t *testing.T) {
	w := newWorld(t)
	living := w.open()
	at := func(name string) string { return filepath.Join(w.config.RuntimeDir, "hotplug-"+name) }
	leave(t, at("left"), "lock", "socket")
	leave(t, at("nolock"))
	leave(t, at("sources"), "lock", "main.go")
	leave(t, at("mine"), "notes.txt")
	leave(t, at("shared"), "lock")
	if err := os.Chmod(at("shared"), 0o755); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(living.RuntimeDir(), old, old); err != nil {
		t.Fatal(err)
	}
	w.config.StateDir += "2" // the first is the living host's
	w.open()
	for path, stays := range map[string]bool{at("left"): false, at("nolock"): true, at("sources"): true, at("mine"): true, at("shared"): true, living.RuntimeDir(): true} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: stays %v, want %v", path, err == nil, stays)
		}
	}
}
