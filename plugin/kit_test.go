package plugin_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/internal/fakehost"
	"github.com/go-hotplug/hotplug/plugin/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

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

// A life is one plugin that serves, seen from its host.
type life struct {
	*fakehost.Host
	t      *testing.T
	kills  atomic.Int32
	killed chan time.Time
	ask    context.CancelFunc // what SIGTERM does
	ended  chan error         // what Run returns
}

func serve(t *testing.T, s plugin.Server, change ...func(*wire.Startup)) *life {
	t.Helper()
	return serveOn(t, s, func(l *fakehost.Listener) net.Listener { return l }, change...)
}

// serveOn is serve with a listener around the one in memory.
func serveOn(t *testing.T, s plugin.Server, around func(*fakehost.Listener) net.Listener, change ...func(*wire.Startup)) *life {
	t.Helper()
	if s.Logger == nil {
		s.Logger = hclog.NewNullLogger()
	}
	startup := &wire.Startup{
		Host: wire.HostInfo{Name: "kit", ID: "first"}, Timeouts: wire.Timeouts{Stop: 5000, HostConnect: 30_000, Handshake: 10_000},
	}
	for _, c := range change {
		c(startup)
	}
	l := &life{Host: fakehost.New(startup), t: t, killed: make(chan time.Time, 8), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	l.ask = cancel
	t.Cleanup(func() { cancel(); l.Close() })
	given := l.Given(func() { l.kills.Add(1); l.killed <- time.Now() })
	given.Listener = around(l.Listener)
	go func() { l.ended <- s.Run(seam.With(ctx, given)) }()
	return l
}

// dial makes a connection that the plugin has not accepted.
func (l *life) dial() *wire.Stream {
	s := l.Dial()
	l.t.Cleanup(func() { s.Close() })
	return s
}

// try does the handshake.
func (l *life) try(h *wire.HostHello) (*wire.Stream, *wire.PluginHello, error) {
	s, answer, err := l.Try(context.Background(), h)
	l.t.Cleanup(func() { s.Close() })
	return s, answer, err
}

// connect is what a host does.
func (l *life) connect(handlers ...rpc.Handler) (*rpc.Conn, chan rpc.Goodbye) {
	l.t.Helper()
	goodbyes := make(chan rpc.Goodbye, 8)
	c, _, err := l.Connect(context.Background(), fakehost.Options{
		Handlers: handlers, OnGoodbye: func(_ *rpc.Conn, g rpc.Goodbye) { goodbyes <- g },
	})
	if err != nil {
		l.t.Fatal(err)
	}
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
