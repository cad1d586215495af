//go:build unix

package socket_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/rpc"
)

// runtimeFolder is where control sockets are in one test.
func runtimeFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "c") // short: a socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return dir
}

// listening opens the socket of a place and answers one connection.
func listening(t *testing.T, p socket.Place) *socket.Listener {
	t.Helper()
	l, err := socket.Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream, err := l.Accept()
		if err != nil {
			return
		}
		if conn, err := socket.Answer(t.Context(), stream, []rpc.Handler{echo.Handle(echoing)}, nil); err == nil {
			<-conn.Done()
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	runtimeFolder(t)
	l := listening(t, socket.Place{Name: "app", Dir: "plugins"})
	for path, want := range map[string]os.FileMode{l.Path(): os.ModeSocket | 0o600, filepath.Dir(l.Path()): os.ModeDir | 0o700} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want mode %v", path, info.Mode(), err, want)
		}
	}
}

func TestAHostIsFoundByNameFolderAndStateFolder(t *testing.T) {
	runtimeFolder(t)
	dir := t.TempDir()
	listening(t, socket.Place{Name: "app", Dir: dir, StateDir: "state"})
	for _, other := range []socket.Place{{Name: "app", Dir: dir}, {Name: "else", Dir: dir, StateDir: "state"}, {Name: "app", Dir: t.TempDir(), StateDir: "state"}} {
		if _, err := socket.Dial(t.Context(), other); !errors.Is(err, socket.ErrNoHost) || !strings.HasPrefix(err.Error(), "nothing answers at ") {
			t.Errorf("%+v: got %v", other, err)
		}
	}
	conn, err := socket.Dial(t.Context(), socket.Place{Name: "app", Dir: dir + "/", StateDir: "./state"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := echo.Call(t.Context(), conn, "x"); err != nil {
		t.Error(err)
	}
}

func TestAHostIsFoundThoughItsEnvironmentHadNoRuntimeFolder(t *testing.T) {
	tmp := runtimeFolder(t)
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(tmp, "missing"))
	l := listening(t, socket.Place{Name: "app", Dir: "plugins"})
	if filepath.Dir(filepath.Dir(l.Path())) != tmp {
		t.Fatalf("the socket is %s, want it below %s", l.Path(), tmp)
	}
	runtimeFolder(t)
	conn, err := socket.Dial(t.Context(), socket.Place{Name: "app", Dir: "plugins"})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestASecondHostOfAPlaceIsToldWhoHasIt(t *testing.T) {
	runtimeFolder(t)
	p := socket.Place{Name: "app", Dir: "plugins"}
	listening(t, p)
	_, err := socket.Listen(p)
	if want := fmt.Sprintf("process %d hosts this folder already, with the same name", os.Getpid()); !errors.Is(err, socket.ErrInUse) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// leave makes a socket and its lock as a host that was killed leaves them.
func leave(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := os.WriteFile(path+".lock", []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSocketsOfKilledHostsAreNobodysAndAreRemoved(t *testing.T) {
	dir := runtimeFolder(t)
	p := socket.Place{Name: "app", Dir: "plugins"}
	other := listening(t, socket.Place{Name: "other", Dir: "plugins"})
	probe, err := socket.Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	path := probe.Path()
	probe.Close()
	leave(t, path)
	leave(t, filepath.Join(filepath.Dir(path), "0123456789abcdef"))
	if _, err := socket.Dial(t.Context(), p); !errors.Is(err, socket.ErrNoHost) {
		t.Errorf("got %v, want that no host runs", err)
	}
	l := listening(t, p)
	elsewhere := func(path string) bool { return !strings.HasPrefix(path, dir) } // of hosts that have nothing to do with this test
	if got := slices.DeleteFunc(socket.Running(), elsewhere); len(got) != 2 || l.Path() != path {
		t.Errorf("got %s at %q, want it at %s and %s", l.Path(), got, path, other.Path())
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	dir := runtimeFolder(t)
	l, err := socket.Listen(socket.Place{Name: "app", Dir: "plugins"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAFolderThatOthersCanChangeIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"could replace the control socket in it": func(dir string) error { return os.Chmod(dir, 0o777) },
		"want a folder of mode 0700": func(dir string) error {
			return os.Mkdir(filepath.Join(dir, fmt.Sprintf("hotplugctl-%d", os.Geteuid())), 0o755)
		},
		"set XDG_RUNTIME_DIR to a shorter folder": func(dir string) error {
			long := filepath.Join(dir, strings.Repeat("x", 100))
			t.Setenv("XDG_RUNTIME_DIR", long)
			t.Setenv("TMPDIR", long)
			return os.Mkdir(long, 0o700)
		},
	} {
		dir := runtimeFolder(t)
		t.Setenv("TMPDIR", dir)
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		if l, err := socket.Listen(socket.Place{Name: "app", Dir: "plugins"}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, %v, want %s", l, err, name)
		}
		t.Setenv("TMPDIR", "")
	}
}
