package peercred_test

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/go-hotplug/hotplug/internal/peercred"
)

func pair(t *testing.T) (dialled, accepted *net.UnixConn) {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	d, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(); a.Close() })
	return d.(*net.UnixConn), a.(*net.UnixConn)
}

func TestOfNamesThisProcessOnBothEndsOfItsOwnSocket(t *testing.T) {
	dialled, accepted := pair(t)
	answers := runtime.GOOS == "linux" || runtime.GOOS == "darwin"
	for name, conn := range map[string]*net.UnixConn{"dialled": dialled, "accepted": accepted} {
		uid, pid, ok, err := peercred.Of(conn)
		if err != nil || ok != answers {
			t.Errorf("%s end: ok = %v, err = %v; want ok = %v, no error", name, ok, err, answers)
		}
		if ok && (uid != os.Getuid() || pid != os.Getpid()) {
			t.Errorf("%s end: uid %d pid %d, want %d and %d", name, uid, pid, os.Getuid(), os.Getpid())
		}
	}
}

func TestOfAClosedConnectionIsAnErrorNotAnAnswer(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("this system answers nothing")
	}
	conn, _ := pair(t)
	conn.Close()
	if _, _, ok, err := peercred.Of(conn); ok || err == nil {
		t.Errorf("ok = %v, err = %v; want an error", ok, err)
	}
}
