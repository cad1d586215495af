//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

func TestARuntimeFolderThatWasRemovedIsMadeAgainForTheNextSocket(t *testing.T) {
	d, err := host.OpenRuntimeDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(d.Path()); err != nil {
		t.Fatal(err)
	}
	path, err := d.Socket()
	if err != nil || filepath.Dir(path) != d.Path() {
		t.Fatalf("%s, %v", path, err)
	}
	if fi, err := os.Lstat(d.Path()); err != nil || fi.Mode() != os.ModeDir|0o700 {
		t.Errorf("%v, %v", fi, err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(d.Path(), old, old); err != nil {
		t.Fatal(err)
	}
	other, err := host.OpenRuntimeDir(filepath.Dir(d.Path())) // which sweeps
	if err != nil {
		t.Fatal(err)
	}
	defer other.Remove()
	if _, err := os.Lstat(d.Path()); err != nil {
		t.Errorf("another host has taken it for one that was left: %v", err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}

func TestWhatStandsInTheWayOfARemovedRuntimeFolderIsNotUsed(t *testing.T) {
	d, err := host.OpenRuntimeDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	if err := os.RemoveAll(d.Path()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(d.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d.Path(), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := d.Socket(); err == nil {
		t.Errorf("a socket at %s", path)
	}
}

func TestWhatTheApplicationOpenedForAllProgramsIsToldThoughNothingIsLaunched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "opened")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0) // as a C library would: without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	synctest.Test(t, func(t *testing.T) {
		var j journal
		w := newWorld(t)
		w.config.Logger = j.logger()
		w.open()
		if log := j.String(); !strings.Contains(log, "the application has a descriptor open for every program that it starts") || !strings.Contains(log, path) {
			t.Errorf("log:\n%s", log)
		}
	})
}
