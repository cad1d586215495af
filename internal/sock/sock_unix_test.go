//go:build unix

package sock_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/sock"
)

// pair returns the two ends of a Unix socket.
func pair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sock") // short: a socket's path is limited
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	left, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	right, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { left.Close(); right.Close() })
	return left.(*net.UnixConn), right.(*net.UnixConn)
}

func TestAReaderReadsWhatItsConnectionWould(t *testing.T) {
	for _, size := range []int{1, 4 << 10, 16 << 10, 16<<10 + 1, 1 << 20} {
		a, b := pair(t)
		sent := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		go func() { _, _ = a.Write(sent); a.Close() }()
		got, err := io.ReadAll(sock.NewReader(b))
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes of %d, %v", len(got), size, err)
		}
	}
}

func TestAReadersErrorsAreThoseOfItsConnection(t *testing.T) {
	for name, spoil := range map[string]func(a, b *net.UnixConn){
		"a deadline": func(_, b *net.UnixConn) { _ = b.SetReadDeadline(time.Unix(1, 0)) },
		"closed":     func(_, b *net.UnixConn) { b.Close() },
		"ended":      func(a, _ *net.UnixConn) { a.Close() },
	} {
		a, b := pair(t)
		spoil(a, b)
		_, got := sock.NewReader(b).Read(make([]byte, 10))
		_, want := b.Read(make([]byte, 10))
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%s: %v, the connection's is %v", name, got, want)
		}
	}
}

func TestAReaderTellsAResetAsItsConnectionDoes(t *testing.T) {
	var texts []string
	for _, of := range []func(io.Reader) io.Reader{sock.NewReader, func(r io.Reader) io.Reader { return r }} {
		a, b := pair(t)
		_, _ = b.Write([]byte("unread"))
		a.Close()
		_, err := of(b).Read(make([]byte, 10)) // it is told once
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Skipf("this system tells no reset of a Unix socket: %v", err)
		}
		texts = append(texts, strings.ReplaceAll(err.Error(), b.LocalAddr().String(), "PATH"))
	}
	if texts[0] != texts[1] {
		t.Errorf("%q, the connection's is %q", texts[0], texts[1])
	}
}

func TestADeadlineInterruptsAReaderThatWaits(t *testing.T) {
	_, b := pair(t)
	over := make(chan error, 1)
	go func() { _, err := sock.NewReader(b).Read(make([]byte, 10)); over <- err }()
	_ = b.SetReadDeadline(time.Unix(1, 0))
	if err := <-over; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestWriteTakesWhatTheKernelDoes(t *testing.T) {
	a, b := pair(t)
	raw, err := a.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	head, tail := []byte("head "), bytes.Repeat([]byte("t"), 8<<20)
	if !sock.Gathers {
		tail = nil
	}
	n := 0
	if err := raw.Control(func(fd uintptr) { n, err = sock.Write(int(fd), head, tail) }); err != nil {
		t.Fatal(err)
	}
	if err != nil || n < len(head) || n == len(head)+len(tail) && len(tail) > 0 {
		t.Fatalf("%d bytes were written, %v", n, err)
	}
	a.Close()
	got, err := io.ReadAll(b)
	if want := append(head, tail...)[:n]; err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), n, err)
	}
}

func TestAReaderOfSomethingElseIsThat(t *testing.T) {
	r := bytes.NewReader(nil)
	if sock.NewReader(r) != r {
		t.Error("it is another one")
	}
}
