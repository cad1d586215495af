//go:build unix

package regular_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// oddities are the paths of what is no regular file, by what it is.
func oddities(t *testing.T) map[string]string {
	t.Helper()
	dir, err := os.MkdirTemp("", "r") // short: a socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	pipe, link, sock := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "sock")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink(pipe, link)); err != nil {
		t.Fatal(err)
	}
	return map[string]string{pipe: "a named pipe", link: "a named pipe", sock: "a socket", dir: "a folder", "/dev/zero": "a device"}
}

func TestWhatIsNoRegularFileIsRefusedAndKeepsNobodyWaiting(t *testing.T) {
	for path, found := range oddities(t) {
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREATE} {
			_, err := regular.Open(path, flag, 0o600)
			kind, ok := errors.AsType[*regular.KindError](err)
			if pe, isPath := errors.AsType[*fs.PathError](err); !ok || kind.Found != found || !isPath || pe.Path != path {
				t.Errorf("flag %d: got %v, want one that says that %s is %s", flag, err, path, found)
			}
		}
		if _, err := regular.Read(path, 10); err == nil || !strings.Contains(err.Error(), "found "+found+", want a regular file") {
			t.Errorf("Read: got %v", err)
		}
	}
}

func TestAFileIsOpenedAsOthersExpectIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if _, err := regular.Open(path, os.O_RDWR, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	f, err := regular.Open(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	if errno != 0 || flags&syscall.O_NONBLOCK != 0 {
		t.Errorf("flags %o, %v", flags, errno)
	}
}

func TestReadTakesAsManyBytesAsItMayAndNoMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := regular.Read(path, 5); err != nil || string(text) != "12345" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := regular.Read(path, 4); err == nil || !strings.Contains(err.Error(), "found 5 bytes, want at most 4") {
		t.Errorf("got %v", err)
	}
	if _, err := regular.Read("/proc/self/status", 4); err == nil { // its size is 0, until it is read
		t.Error("more was read than may be")
	}
}
