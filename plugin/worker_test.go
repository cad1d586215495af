package plugin_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/internal/fakehost"
	"github.com/go-hotplug/hotplug/rpc"
)

// A labour is one plugin that serves a host of the TypeScript library.
type labour struct {
	t        *testing.T
	listener *fakehost.Listener
	ask      context.CancelFunc
	ended    chan error
}

func toil(t *testing.T, s plugin.Server, startup wire.WorkerStartup) *labour {
	s.Logger = hclog.NewNullLogger()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l := &labour{t: t, listener: fakehost.NewListener(), ask: cancel, ended: make(chan error, 1)}
	go func() { l.ended <- s.Work(ctx, &startup, l.listener) }()
	return l
}

func (l *labour) connect() *rpc.Conn {
	c := rpc.NewConn(context.Background(), l.listener.Dial(), rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromHost})
	l.t.Cleanup(func() { c.Close() })
	return c
}

func TestForTheLibrarysHostItServesOneConnectionAndEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stops, ended atomic.Int32
		l := toil(t, plugin.Server{
			Handlers: []rpc.Handler{echo.Handle(echoed), work.Handle(func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); ended.Add(1); return 0, ctx.Err() })},
			Stop:     func(context.Context) error { stops.Add(1); return nil },
		}, wire.WorkerStartup{})
		c := l.connect()
		if got, err := echo.Call(t.Context(), c, "hi"); got != "hi" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		go func() { _, _ = work.Call(context.Background(), c, 1) }()
		synctest.Wait()
		began := time.Now()
		c.Close()
		if err := <-l.ended; err != nil || stops.Load() != 1 || ended.Load() != 1 || time.Since(began) > 100*time.Millisecond {
			t.Errorf("%v after %s; Stop ran %d times, %d handlers ended", err, time.Since(began), stops.Load(), ended.Load())
		}
	})
}

func TestWhenTheLibrarysHostDiesNothingHoldsItForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := toil(t, plugin.Server{
			Handlers: []rpc.Handler{work.Handle(func(context.Context, int) (int, error) { <-release; return 0, nil })},
			Stop:     func(context.Context) error { <-release; return nil },
		}, wire.WorkerStartup{})
		c := l.connect()
		go func() { _, _ = work.Call(context.Background(), c, 1) }()
		synctest.Wait()
		began := time.Now()
		c.Close()
		err := <-l.ended
		contains(t, err, "stop: not done within")
		if d := time.Since(began); d > time.Second || plugin.ExitCode(err) != plugin.ExitSoftware {
			t.Errorf("after %s, code %d", d, plugin.ExitCode(err))
		}
		close(release)
	})
}

func TestAskedToLeaveTheLibrarysHostItFinishesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := toil(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}}, wire.WorkerStartup{})
		c := l.connect()
		result := make(chan error, 1)
		go func() { _, err := work.Call(context.Background(), c, 3); result <- err }()
		synctest.Wait()
		l.ask()
		if err := <-result; err != nil {
			t.Error(err)
		}
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTheLibrarysHostHasItsConnectTimeoutToCome(t *testing.T) {
	for name, c := range map[string]struct {
		own     time.Duration
		startup int64
		want    time.Duration // 0: for ever
	}{"the host's": {0, 500, 500 * time.Millisecond}, "its own": {2 * time.Second, 500, 2 * time.Second}, "none": {0, 0, 0}, "its own none": {-1, 500, 0}} {
		synctest.Test(t, func(t *testing.T) {
			l := toil(t, plugin.Server{HostConnectTimeout: c.own}, wire.WorkerStartup{ConnectTimeout: c.startup})
			began := time.Now()
			if c.want == 0 {
				time.Sleep(time.Hour)
				l.ask()
				if err := <-l.ended; err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			err := <-l.ended
			contains(t, err, "no host connected within "+c.want.String()+" (serverConnectTimeout)")
			if plugin.ExitCode(err) != 69 || time.Since(began) != c.want {
				t.Errorf("%s: code %d after %s", name, plugin.ExitCode(err), time.Since(began))
			}
		})
	}
}

func TestWhatKeepsItFromServingTheLibrarysHostIsSaidWithOne(t *testing.T) {
	data := func(path string) string {
		return `{"driver":"child_process","socketPath":"` + path + `","serializer":"JsonSerializer","serverConnectTimeout":1}`
	}
	mismatch := "Serializer mismatch: host uses JsonSerializer, worker uses MessagePackSerializer. Ensure both client and server use the same serializer class."
	for name, c := range map[string]struct {
		s    plugin.Server
		env  map[string]string
		want string
	}{
		"bad JSON":       {plugin.Server{}, map[string]string{wire.WorkerStartupEnv: "{"}, "expected one JSON object"},
		"driver":         {plugin.Server{}, map[string]string{wire.WorkerStartupEnv: `{"driver":"worker_threads","socketPath":"/s"}`}, `driver: expected "child_process"`},
		"folder":         {plugin.Server{}, map[string]string{wire.WorkerStartupEnv: data("/no/such/folder/s")}, "listen on /no/such/folder/s"},
		"legacy folder":  {plugin.Server{}, map[string]string{wire.WorkerSocketEnv: "/no/such/folder/s"}, "listen on /no/such/folder/s"},
		"serializer":     {plugin.Server{Serializer: codec.MessagePackSerializer{}}, map[string]string{wire.WorkerStartupEnv: data("/s")}, mismatch},
		"not said":       {plugin.Server{Serializer: codec.MessagePackSerializer{}}, map[string]string{wire.WorkerSocketEnv: "/s"}, mismatch},
		"other variable": {plugin.Server{}, map[string]string{wire.WorkerStartupEnv: data("/s"), wire.WorkerSerializerEnv: "X"}, "Serializer mismatch: host uses X, worker uses JsonSerializer"},
		"name": {plugin.Server{Handlers: []rpc.Handler{rpc.Method[int, int]("addResult").Handle(func(context.Context, int) (int, error) { return 0, nil })}},
			map[string]string{wire.WorkerSocketEnv: "/s"}, `message "addResult": a name that ends in "Result"`},
		"uses":  {plugin.Server{Uses: []rpc.Use{ask.Use()}}, map[string]string{wire.WorkerSocketEnv: "/s"}, "kit.ask: the host speaks isolated-workers/1"},
		"start": {plugin.Server{Start: func(context.Context) error { return errors.New("no licence") }}, map[string]string{wire.WorkerSocketEnv: "/s"}, "start: no licence"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, name := range append(wire.WorkerEnv, wire.StartupEnv, wire.DescribeEnv) {
				t.Setenv(name, c.env[name])
			}
			c.s.Logger = hclog.NewNullLogger()
			err := c.s.Run(t.Context())
			contains(t, err, c.want)
			if plugin.ExitCode(err) != 1 {
				t.Errorf("code %d", plugin.ExitCode(err))
			}
			if _, set := os.LookupEnv(wire.WorkerSocketEnv); set {
				t.Error("a child would inherit the start-up data")
			}
		})
	}
}

func TestForTheLibrarysHostHooksAreToldThatItAnswersNothing(t *testing.T) {
	dir, err := os.MkdirTemp("", "hp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	for _, name := range append(wire.WorkerEnv, wire.StartupEnv, wire.DescribeEnv) {
		t.Setenv(name, "")
	}
	t.Setenv(wire.WorkerSocketEnv, path)
	t.Setenv(wire.WorkerTimeoutEnv, "20")
	var said error
	s := plugin.Server{Logger: hclog.NewNullLogger(), Start: func(ctx context.Context) error {
		_, said = ask.Call(ctx, rpc.Caller(ctx), "hi")
		return nil
	}}
	contains(t, s.Run(t.Context()), "no host connected within 20ms")
	if !errors.Is(said, rpc.Unimplemented) {
		t.Errorf("the Start hook's call: %v", said)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
