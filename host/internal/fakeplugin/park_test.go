package fakeplugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/host/internal/fakeplugin"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

const sleep rpc.Method[int, int] = "kit.sleep"

// sleeping takes n seconds.
func sleeping(_ context.Context, n int) (int, error) {
	time.Sleep(time.Duration(n) * time.Second)
	return n, nil
}

// A process is one of a fake plugin, as its host has it.
type process struct {
	*fakeplugin.Cast
	proc.Process
	t       *testing.T
	startup *wire.Startup
	hello   *wire.PluginHello // of the latest connection
}

// launch starts a plugin and makes the first connection.
func launch(t *testing.T, p *fakeplugin.Plugin) (*process, *rpc.Conn) {
	t.Helper()
	x := &process{Cast: fakeplugin.NewCast(), t: t, startup: &wire.Startup{
		Hotplug: []int{1}, Socket: "s", Serializer: codec.Default, Token: "t", Answer: "a", Plugin: wire.Identity{Name: "kit"}, Timeouts: wire.Timeouts{HostConnect: 30_000},
	}}
	x.Add("kit", p)
	first, _, err := x.Processes().Bind("s")
	if err != nil {
		t.Fatal(err)
	}
	line, err := x.startup.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if x.Process, err = x.Starter.Start(proc.Spec{Startup: line}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Kill(); x.Starter.Wait() })
	return x, x.greet(first)
}

func (x *process) greet(c net.Conn) *rpc.Conn {
	x.t.Helper()
	s := wire.NewStream(c)
	err := wire.WriteLine(s, &wire.HostHello{Hotplug: []int{1}, Serializer: codec.Default, Token: "t"})
	if err == nil {
		x.hello, err = wire.ReadPluginHello(s.Reader)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	conn := rpc.NewConn(context.Background(), s, rpc.Options{Side: rpc.FromHost})
	x.t.Cleanup(func() { conn.Close() })
	return conn
}

// again makes another connection.
func (x *process) again() *rpc.Conn {
	x.t.Helper()
	c, err := x.Processes().Dial(x.t.Context(), "s")
	if err != nil {
		x.t.Fatal(err)
	}
	return x.greet(c)
}

func (x *process) goodbye(c *rpc.Conn, g rpc.Goodbye) {
	x.t.Helper()
	if err := c.Goodbye(context.Background(), g); err != nil {
		x.t.Fatal(err)
	}
}

func TestAFakeParksAndAcceptsTheNextConnectionWhileItDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		stops := 0
		x, first := launch(t, &fakeplugin.Plugin{
			Handlers: []rpc.Handler{sleep.Handle(sleeping)}, Told: func(what string) { told = append(told, what) }, Stop: func() { stops++ },
		})
		result := make(chan error, 1)
		go func() { _, err := sleep.Call(context.Background(), first, 60); result <- err }()
		synctest.Wait()
		x.goodbye(first, rpc.Goodbye{Then: rpc.GoodbyePark, Lease: time.Second})
		second := x.again()
		if _, err := sleep.Call(t.Context(), second, 1); err != nil || first.Err() != nil {
			t.Errorf("the second: %v; the first: %v", err, first.Err())
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
		<-first.Done()
		if g, _ := first.Heard(); g != (rpc.Goodbye{Then: rpc.GoodbyePark, Lease: time.Second}) {
			t.Errorf("its last word %+v", g)
		}
		time.Sleep(time.Minute)
		x.goodbye(second, rpc.Goodbye{Then: rpc.GoodbyeStop})
		if <-x.Done(); x.Exit().Code != 0 || stops != 1 || !slices.Equal(told, []string{"park", "goodbye"}) {
			t.Errorf("%s, Stop ran %d times, told %q", x.Exit(), stops, told)
		}
	})
}

func TestAParkedFakeEndsWithItsLeaseOrSIGTERMAndRefusesConnectionsThen(t *testing.T) {
	for name, c := range map[string]struct {
		lease, want time.Duration
		terminate   bool
	}{"lease": {7 * time.Second, 7 * time.Second, false}, "none": {0, 30 * time.Second, false}, "SIGTERM": {time.Hour, 0, true}} {
		synctest.Test(t, func(t *testing.T) {
			stops := 0
			x, first := launch(t, &fakeplugin.Plugin{Stop: func() { stops++ }})
			x.goodbye(first, rpc.Goodbye{Then: rpc.GoodbyePark, Lease: c.lease})
			<-first.Done()
			synctest.Wait()
			began := time.Now()
			if c.terminate {
				_ = x.Terminate()
			}
			if <-x.Done(); x.Exit().Code != 0 || time.Since(began) != c.want || stops != 1 {
				t.Errorf("%s: %s after %s, Stop ran %d times", name, x.Exit(), time.Since(began), stops)
			}
			x.Starter.Wait()
			if _, err := x.Processes().Dial(t.Context(), "s"); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
		})
	}
}

func TestAFakeThatCannotParkStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, first := launch(t, &fakeplugin.Plugin{NoPark: true})
		if len(x.hello.Features) != 0 {
			t.Errorf("features %q", x.hello.Features)
		}
		x.goodbye(first, rpc.Goodbye{Then: rpc.GoodbyePark, Lease: time.Hour})
		if <-x.Done(); x.Exit().Code != 0 {
			t.Errorf("%s", x.Exit())
		}
	})
}

func TestAFakeHasTheHooksThatAreSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var did []string
		does := func(what string) func(context.Context) error {
			return func(context.Context) error { did = append(did, what); return nil }
		}
		x, c := launch(t, &fakeplugin.Plugin{
			Start: does("start"), Release: does("release"), Resume: does("resume"), Health: does("health"),
			Configure: func(ctx context.Context, c json.RawMessage) error { return does("configure " + string(c))(ctx) },
			Snapshot:  func(context.Context) (lifecycle.State, error) { return lifecycle.State{Schema: "s"}, nil },
			Restore:   func(ctx context.Context, s lifecycle.State) error { return does("restore " + s.Schema)(ctx) },
		})
		if want := []string{"start", "configure", "restore", "health", "snapshot", "release", "resume", "park"}; !slices.Equal(x.hello.Features, want) {
			t.Errorf("features %q", x.hello.Features)
		}
		ctx, none := t.Context(), lifecycle.None{}
		_, err1 := lifecycle.Start.Call(ctx, c, none)
		_, err2 := lifecycle.Configure.Call(ctx, c, lifecycle.Config{JSON: []byte("{}")})
		s, err3 := lifecycle.Snapshot.Call(ctx, c, none)
		_, err4 := lifecycle.Restore.Call(ctx, c, s)
		_, err5 := lifecycle.Health.Call(ctx, c, none)
		_, err6 := lifecycle.Release.Call(ctx, c, none)
		_, err7 := lifecycle.Resume.Call(ctx, c, none)
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
			t.Error(err)
		}
		if want := []string{"start", "configure {}", "restore s", "health", "release", "resume"}; !slices.Equal(did, want) {
			t.Errorf("did %q", did)
		}
		x.goodbye(c, rpc.Goodbye{Then: rpc.GoodbyeStop})
		<-x.Done()
	})
}
