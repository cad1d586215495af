package socket_test

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/internal/asroot"
)

// nobody is a user that is not root.
const nobody = 65534

// as does something in a thread of another user, which ends with it.
func as(t *testing.T, user uintptr, do func()) {
	t.Helper()
	asroot.Need(t, "only root can become another user")
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: nobody else gets this thread
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, user, user, user); errno != 0 {
			t.Errorf("become user %d: %v", user, errno)
			return
		}
		do()
	}()
	<-done
}

func TestAnotherUserIsRefusedEvenIfTheModesAreWrong(t *testing.T) {
	runtimeFolder(t)
	l := listening(t, socket.Place{Name: "app", Dir: "plugins"})
	for path := l.Path(); path != filepath.Dir(os.TempDir()); path = filepath.Dir(path) {
		if info, err := os.Stat(path); err != nil || path != os.TempDir() && os.Chmod(path, info.Mode()|0o777) != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	as(t, nobody, func() {
		conn, err := net.Dial("unix", l.Path())
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		said, _ := bufio.NewReader(conn).ReadString('\n')
		if !strings.Contains(said, "of user 65534: a control socket is for its owner, user 0, and root") {
			t.Errorf("the other user was told %q", said)
		}
	})
}

func TestASocketOfAnotherUserIsNotTrusted(t *testing.T) {
	dir := runtimeFolder(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "socket")
	as(t, nobody-1, func() {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
	})
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	as(t, nobody, func() {
		const want = "of user 65533: a control socket is for its owner, user 65534, and root"
		if conn, err := socket.DialPath(t.Context(), path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", conn, err, want)
		}
	})
}
