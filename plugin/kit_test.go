package plugin_test

import (
	"context"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// A bubble may use package os/signal only if its goroutine was started outside of one.
func TestMain(m *testing.M) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	os.Exit(m.Run())
}

const (
	echo rpc.Method[string, string] = "kit.echo"
	work rpc.Method[int, int]       = "kit.work"
	ask  rpc.Method[string, string] = "kit.ask"
)

func echoed(_ context.Context, s string) (string, error) { return s, nil }

// working takes n seconds.
func working(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// memory is a listener without a socket.
type memory struct {
	conns  chan net.Conn // dial sends, Accept receives; as long as a backlog
	closed chan struct{}
	done   atomic.Bool
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	if m.done.CompareAndSwap(false, true) {
		close(m.closed)
	}
	return nil
}

func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// A life is one plugin that serves, seen from its host.
type life struct {
	t        *testing.T
	startup  *wire.Startup
	listener *memory
	lifeline *io.PipeWriter // closed by a host that dies
	kills    atomic.Int32
	killed   chan time.Time
	ask      context.CancelFunc // what SIGTERM does
	ended    chan error         // what Run returns
}

func serve(t *testing.T, s plugin.Server, change ...func(*wire.Startup)) *life {
	t.Helper()
	return serveOn(t, s, func(m *memory) net.Listener { return m }, change...)
}

// serveOn is serve with a listener around the one in memory.
func serveOn(t *testing.T, s plugin.Server, around func(*memory) net.Listener, change ...func(*wire.Startup)) *life {
	t.Helper()
	if s.Logger == nil {
		s.Logger = hclog.NewNullLogger()
	}
	l := &life{t: t, listener: &memory{conns: make(chan net.Conn, 64), closed: make(chan struct{})}, killed: make(chan time.Time, 8), ended: make(chan error, 1)}
	l.startup = &wire.Startup{
		Hotplug: []int{1}, Socket: "memory", Serializer: codec.Default, Token: wire.NewSecret(), Answer: wire.NewSecret(),
		Host: wire.HostInfo{Name: "kit", ID: "first"}, Timeouts: wire.Timeouts{Stop: 5000, HostConnect: 30_000, Handshake: 10_000},
	}
	for _, c := range change {
		c(l.startup)
	}
	end, alive := io.Pipe()
	l.lifeline = alive
	ctx, cancel := context.WithCancel(context.Background())
	l.ask = cancel
	t.Cleanup(func() { cancel(); end.CloseWithError(io.ErrClosedPipe) })
	given := plugin.Given{Startup: l.startup, Listener: around(l.listener), Lifeline: end, Kill: func() { l.kills.Add(1); l.killed <- time.Now() }}
	go func() { l.ended <- s.Serve(ctx, given) }()
	return l
}

// dial makes a connection that the plugin has not accepted.
func (l *life) dial() *wire.Stream {
	here, there := pipe.New(0)
	l.t.Cleanup(func() { here.Close() })
	l.listener.conns <- there
	return wire.NewStream(here)
}

// hello is the line of the right host.
func (l *life) hello() *wire.HostHello {
	return &wire.HostHello{Hotplug: []int{1}, Serializer: l.startup.Serializer, Token: l.startup.Token, Host: l.startup.Host}
}

// try does the handshake.
func (l *life) try(h *wire.HostHello) (*wire.Stream, *wire.PluginHello, error) {
	s := l.dial()
	if err := wire.WriteLine(s, h); err != nil {
		return nil, nil, err
	}
	answer, err := wire.ReadPluginHello(s.Reader)
	return s, answer, err
}

// connect is what a host does.
func (l *life) connect(handlers ...rpc.Handler) (*rpc.Conn, chan rpc.Goodbye) {
	l.t.Helper()
	h := l.hello()
	h.Handles = rpc.Records(rpc.NewMux(handlers...).Uses())
	s, answer, err := l.try(h)
	if err != nil {
		l.t.Fatal(err)
	}
	if !wire.SameSecret(answer.Answer, l.startup.Answer) || answer.Hotplug != 1 || answer.Serializer != l.startup.Serializer {
		l.t.Fatalf("answer %+v", answer)
	}
	goodbyes := make(chan rpc.Goodbye, 8)
	serializer, err := codec.Lookup(l.startup.Serializer)
	if err != nil {
		l.t.Fatal(err)
	}
	c := rpc.NewConn(context.Background(), s, rpc.Options{
		Serializer: serializer, Handlers: rpc.NewMux(handlers...), Side: rpc.FromHost, OnGoodbye: func(g rpc.Goodbye) { goodbyes <- g },
	})
	l.t.Cleanup(func() { c.Close() })
	return c, goodbyes
}

func (l *life) goodbye(c *rpc.Conn) {
	l.t.Helper()
	if err := c.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
		l.t.Fatal(err)
	}
}

func contains(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
