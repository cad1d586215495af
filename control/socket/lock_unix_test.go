//go:build unix

package socket_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/control/socket"
)

func TestAPipeInPlaceOfTheLockOfASocketIsRefusedThoughSomebodyHoldsItLocked(t *testing.T) {
	t.Setenv("TMPDIR", runtimeFolder(t)) // there is no other place
	p := socket.Place{Name: "app", Dir: "plugins"}
	other := listening(t, socket.Place{Name: "other", Dir: "plugins"}) // keeps the folder there
	probe, err := socket.Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	probe.Close()
	path := filepath.Join(filepath.Dir(other.Path()), filepath.Base(probe.Path())+".lock")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, err = socket.Listen(p)
	if want := ": found a named pipe, want a regular file at " + path + ": remove what is there"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want ...%s", err, want)
	}
}
