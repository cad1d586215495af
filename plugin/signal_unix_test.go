//go:build unix

package plugin_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/internal/fakehost"
	"github.com/go-hotplug/hotplug/plugin/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestSigtermSaysGoodbyeFirst(t *testing.T) {
	l := serve(t, plugin.Server{})
	asked, stop := plugin.UntilSignalled(context.Background())
	defer stop()
	context.AfterFunc(asked, l.ask)
	c, goodbyes := l.connect()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-goodbyes:
	case <-time.After(10 * time.Second):
		t.Fatal("no goodbye")
	}
	l.goodbye(c)
	if err := <-l.ended; err != nil {
		t.Error(err)
	}
}

func TestItServesOnARealSocketWhosePeerItChecks(t *testing.T) {
	dir, err := os.MkdirTemp("", "hp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	startup := &wire.Startup{Hotplug: []int{1}, Serializer: "MessagePackSerializer", Token: wire.NewSecret(), Answer: wire.NewSecret(), Host: wire.HostInfo{ID: "first"}}
	ended := make(chan error, 1)
	go func() {
		ctx := seam.With(t.Context(), seam.Given{Startup: startup, Listener: listener})
		ended <- plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}}.Run(ctx)
	}()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := wire.NewStream(conn)
	if err := wire.WriteLine(s, &wire.HostHello{Hotplug: []int{1}, Serializer: startup.Serializer, Token: startup.Token, Host: startup.Host}); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadPluginHello(s.Reader); err != nil {
		t.Fatal(err)
	}
	c := rpc.NewConn(t.Context(), s, rpc.Options{})
	defer c.Close()
	if got, err := echo.Call(t.Context(), c, "hi"); got != "hi" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := c.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// scarce is a listener whose first accepts find no descriptor.
type scarce struct {
	*fakehost.Listener
	left atomic.Int32
}

func (s *scarce) Accept() (net.Conn, error) {
	if s.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return s.Listener.Accept()
}

func TestAnAcceptThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		poor := &scarce{}
		poor.left.Store(3)
		l := serveOn(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}}, func(m *fakehost.Listener) net.Listener { poor.Listener = m; return poor })
		c, _ := l.connect()
		if _, err := echo.Call(t.Context(), c, ""); err != nil {
			t.Error(err)
		}
		l.goodbye(c)
		<-l.ended
	})
}
