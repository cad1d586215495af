package plugin_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/internal/fakehost"
	"github.com/go-hotplug/hotplug/rpc"
)

// park says that the host will be back within a lease.
func (l *life) park(c *rpc.Conn, lease time.Duration) {
	l.t.Helper()
	if err := c.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyePark, Lease: lease}); err != nil {
		l.t.Fatal(err)
	}
}

// leave ends a plugin in order, and says what it returned.
func (l *life) leave(c *rpc.Conn) {
	l.t.Helper()
	l.goodbye(c)
	if err := <-l.ended; err != nil {
		l.t.Error(err)
	}
}

func TestAParkedPluginKeepsItsMemoryAndServesTheNextConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts, stops, total := 0, 0, 0
		l := serve(t, plugin.Server{
			Start: func(context.Context) error { starts++; return nil }, Stop: func(context.Context) error { stops++; return nil },
			Handlers: []rpc.Handler{work.Handle(func(_ context.Context, n int) (int, error) { total += n; return total, nil })},
		})
		for round := 1; round <= 3; round++ {
			c, goodbyes := l.connect()
			if _, err := lifecycle.Start.Call(t.Context(), c, lifecycle.None{}); err != nil {
				t.Error(err)
			}
			if sum, err := work.Call(t.Context(), c, 7); err != nil || sum != 7*round {
				t.Errorf("round %d: %d, %v", round, sum, err)
			}
			if round == 3 {
				l.leave(c)
				break
			}
			l.park(c, time.Minute)
			if g := <-goodbyes; g != (rpc.Goodbye{Then: rpc.GoodbyePark, Lease: time.Minute}) {
				t.Errorf("its last word %+v", g)
			}
			<-c.Done()
			time.Sleep(59 * time.Second)
		}
		if starts != 1 || stops != 1 || l.kills.Load() != 0 {
			t.Errorf("Start ran %d times, Stop %d times, killed %d times", starts, stops, l.kills.Load())
		}
	})
}

func TestCallsInFlightAreFinishedBeforeItParksHoweverLongTheyTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}})
		c, goodbyes := l.connect()
		result := make(chan error, 1)
		go func() { _, err := work.Call(context.Background(), c, 3600); result <- err }()
		synctest.Wait()
		l.park(c, time.Second)
		synctest.Wait()
		if len(goodbyes) != 0 || c.Err() != nil {
			t.Error("it parted with a call in flight")
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
		<-goodbyes
		if <-c.Done(); len(l.ended) != 0 {
			t.Error("the lease began before it was parked")
		}
		again, _ := l.connect()
		l.leave(again)
	})
}

const told rpc.Notice[int] = "kit.told"

func TestNoticesThatItHasSentAreHandledBeforeAParkedConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var handled atomic.Int32
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) {
			for i := range 3 {
				if err := told.Send(ctx, rpc.Caller(ctx), i); err != nil {
					return "", err
				}
			}
			return s, nil
		})}})
		c, goodbyes := l.connect(told.Handle(func(context.Context, int) error { time.Sleep(10 * time.Second); handled.Add(1); return nil }))
		if _, err := echo.Call(t.Context(), c, ""); err != nil {
			t.Fatal(err)
		}
		l.park(c, time.Minute)
		<-c.Done()
		if handled.Load() != 3 || len(goodbyes) != 1 {
			t.Errorf("%d of 3 notices were handled, %d goodbyes", handled.Load(), len(goodbyes))
		}
		again, _ := l.connect()
		l.leave(again)
	})
}

func TestAHandlerOfTheParkedConnectionStillCallsItsHost(t *testing.T) {
	for _, back := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ready := make(chan struct{})
			l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) {
				<-ready
				return ask.Call(ctx, rpc.Caller(ctx), s)
			})}})
			names := func(name string) rpc.Handler {
				return ask.Handle(func(context.Context, string) (string, error) { return name, nil })
			}
			c, _ := l.connect(names("first"))
			result := make(chan string, 1)
			go func() {
				name, err := echo.Call(context.Background(), c, "")
				if err != nil {
					t.Error(err)
				}
				result <- name
			}()
			synctest.Wait()
			l.park(c, time.Minute)
			synctest.Wait()
			want := "first"
			last := c
			if back {
				want = "second"
				last, _ = l.connect(names("second"))
				synctest.Wait() // the plugin answers the handshake before it makes the connection
			}
			close(ready)
			if name := <-result; name != want {
				t.Errorf("the host's newer connection is there: %v; it asked the %s", back, name)
			}
			<-c.Done()
			if !back {
				last, _ = l.connect()
			}
			l.leave(last)
		})
	}
}

func TestAHandlerOfAParkedConnectionCallsOnItThoughTheNextOneIsParkedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan struct{})
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) {
			<-ready
			return ask.Call(ctx, rpc.Caller(ctx), s)
		})}})
		first, _ := l.connect(ask.Handle(echoed))
		result := make(chan error, 1)
		go func() { _, err := echo.Call(context.Background(), first, ""); result <- err }()
		synctest.Wait()
		l.park(first, time.Minute)
		second, _ := l.connect(ask.Handle(echoed))
		l.park(second, time.Minute)
		<-second.Done()
		close(ready)
		if err := <-result; err != nil {
			t.Error(err)
		}
		<-first.Done()
		third, _ := l.connect()
		l.leave(third)
	})
}

func TestTheNextConnectionLivesBesideTheOneThatDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := time.Time{}
		began := time.Now()
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working), echo.Handle(echoed)}, Stop: func(context.Context) error { stopped = time.Now(); return nil }})
		first, _ := l.connect()
		result := make(chan error, 1)
		go func() { _, err := work.Call(context.Background(), first, 60); result <- err }()
		synctest.Wait()
		l.park(first, time.Second)
		second, _ := l.connect()
		if _, err := echo.Call(t.Context(), second, ""); err != nil || first.Err() != nil {
			t.Errorf("the second: %v; the first: %v", err, first.Err())
		}
		l.goodbye(second) // while the first still drains
		if err := <-result; err != nil {
			t.Errorf("the call of the first connection: %v", err)
		}
		if err := <-l.ended; err != nil || stopped.Sub(began) != time.Minute {
			t.Errorf("%v, Stop ran after %s", err, stopped.Sub(began))
		}
	})
}

// slow is a listener whose connections are slow at both ends: what is read and written waits.
type slow struct {
	*fakehost.Listener
	read, write atomic.Pointer[func()]
}

func (s *slow) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	return &slowConn{Conn: c, read: s.read.Load(), write: s.write.Load()}, err
}

type slowConn struct {
	net.Conn
	read, write *func()
}

func (c *slowConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.read != nil {
		(*c.read)()
	}
	return n, err
}

func (c *slowConn) Write(b []byte) (int, error) {
	if c.write != nil {
		(*c.write)()
	}
	return c.Conn.Write(b)
}

func serveSlowly(t *testing.T, s plugin.Server) (*life, *slow) {
	around := &slow{}
	return serveOn(t, s, func(m *fakehost.Listener) net.Listener { around.Listener = m; return around }), around
}

func TestAGoodbyeThatIsNotReadWhenTheHostConnectsAgainStillParks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, listener := serveSlowly(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}})
		var busy atomic.Bool
		wait := func() {
			if busy.Load() {
				time.Sleep(100 * time.Millisecond)
			}
		}
		listener.read.Store(&wait)
		first, _ := l.connect()
		listener.read.Store(nil)
		result := make(chan error, 1)
		go func() { _, err := work.Call(context.Background(), first, 60); result <- err }()
		synctest.Wait()
		busy.Store(true)
		l.park(first, time.Minute)
		second, _ := l.connect()
		if err := <-result; err != nil {
			t.Error(err)
		}
		<-first.Done()
		l.leave(second)
	})
}

func TestWithoutItsHostAParkedPluginLeavesInOrderWhenTheLeaseEnds(t *testing.T) {
	for name, c := range map[string]struct{ lease, own, want time.Duration }{
		"lease": {7 * time.Second, 0, 7 * time.Second}, "none": {0, 0, 30 * time.Second}, "none, its own": {0, 3 * time.Second, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			stops := 0
			l := serve(t, plugin.Server{HostConnectTimeout: c.own, Stop: func(context.Context) error { stops++; return nil }})
			h, _ := l.connect()
			l.park(h, c.lease)
			<-h.Done()
			began := time.Now()
			if err := <-l.ended; err != nil || stops != 1 || time.Since(began) != c.want {
				t.Errorf("%s: %v after %s, Stop ran %d times", name, err, time.Since(began), stops)
			}
		})
	}
}

func TestAHostThatIsInItsHandshakeWhenTheLeaseEndsIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, listener := serveSlowly(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		first, _ := l.connect()
		l.park(first, 5*time.Second)
		<-first.Done()
		time.Sleep(4 * time.Second)
		wait := func() { time.Sleep(2 * time.Second) }
		listener.write.Store(&wait)
		second, _ := l.connect()
		if _, err := echo.Call(t.Context(), second, ""); err != nil {
			t.Error(err)
		}
		l.leave(second)
	})
}

func TestAskedToLeaveWhileParkedItStopsAndEndsWithoutAnError(t *testing.T) {
	for name, seconds := range map[string]int{"parked": 0, "draining": 20} {
		synctest.Test(t, func(t *testing.T) {
			stops := 0
			l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}, Stop: func(context.Context) error { stops++; return nil }})
			c, _ := l.connect()
			result := make(chan error, 1)
			go func() { _, err := work.Call(context.Background(), c, seconds); result <- err }()
			synctest.Wait()
			l.park(c, time.Hour)
			synctest.Wait()
			l.ask()
			if err := <-l.ended; err != nil || stops != 1 {
				t.Errorf("%s: %v, Stop ran %d times", name, err, stops)
			}
			if err := <-result; err != nil {
				t.Errorf("%s: the call in flight: %v", name, err)
			}
		})
	}
}

func TestAHostThatDiesTakesAParkedPluginWithIt(t *testing.T) {
	for name, seconds := range map[string]int{"parked": 0, "draining": 20} {
		synctest.Test(t, func(t *testing.T) {
			var stops atomic.Int32
			l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}, Stop: func(context.Context) error { stops.Add(1); return nil }})
			c, _ := l.connect()
			go func() { _, _ = work.Call(context.Background(), c, seconds) }()
			synctest.Wait()
			l.park(c, time.Hour)
			synctest.Wait()
			began := time.Now()
			l.Die()
			c.Close()
			if d := (<-l.killed).Sub(began); d != 0 || stops.Load() != 1 {
				t.Errorf("%s: killed after %s, Stop ran %d times", name, d, stops.Load())
			}
			if err := <-l.ended; err != nil || l.kills.Load() != 1 {
				t.Errorf("%s: %v, killed %d times", name, err, l.kills.Load())
			}
		})
	}
}

func TestAHostThatClosesTheConnectionItParkedFindsThePluginParked(t *testing.T) {
	for name, seconds := range map[string]int{"at once": 0, "with a call in flight": 20} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working), echo.Handle(echoed)}})
			c, _ := l.connect()
			go func() { _, _ = work.Call(context.Background(), c, seconds) }()
			synctest.Wait()
			l.park(c, time.Minute)
			if err := c.Drain(contextOf(t, time.Second)); (err == nil) != (seconds == 0) {
				t.Errorf("%s: %v", name, err)
			}
			c.Close()
			time.Sleep(30 * time.Second)
			again, _ := l.connect()
			if _, err := echo.Call(t.Context(), again, ""); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			l.leave(again)
		})
	}
}

func contextOf(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestAHostThatChangesItsMindWhileItDrainsStopsThePlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops := 0
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}, Stop: func(context.Context) error { stops++; return nil }})
		c, _ := l.connect()
		result := make(chan error, 1)
		go func() { _, err := work.Call(context.Background(), c, 20); result <- err }()
		synctest.Wait()
		l.park(c, time.Hour)
		synctest.Wait()
		l.goodbye(c)
		if err := <-result; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		if err := <-l.ended; err != nil || stops != 1 {
			t.Errorf("%v, Stop ran %d times", err, stops)
		}
	})
}

func TestACallOfABackgroundGoroutineWaitsWhileParkedForTheNextConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		l, host, first := meeting(t, &runs)
		l.park(first, time.Minute)
		<-first.Done()
		began := time.Now()
		asked := make(chan error, 1)
		go func() { _, err := ask.Call(context.Background(), host, "hi"); asked <- err }()
		_, err := ask.Call(contextOf(t, time.Second), host, "hi")
		contains(t, err, "kit.ask: the host is not connected, and this plugin waits for it: context deadline exceeded")
		if !errors.Is(err, rpc.Timeout) || rpc.Delivered(err) != rpc.NotDelivered || time.Since(began) != time.Second {
			t.Errorf("%v after %s, delivered %s", err, time.Since(began), rpc.Delivered(err))
		}
		time.Sleep(40 * time.Second)
		if len(asked) != 0 {
			t.Errorf("it did not wait: %v", <-asked)
		}
		again, _ := l.connect(ask.Handle(echoed))
		if err := <-asked; err != nil || runs.Load() != 0 {
			t.Errorf("%v; the first connection was asked %d times", err, runs.Load())
		}
		l.leave(again)
	})
}

func TestNothingNewIsStartedOnAConnectionThatDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peers := make(chan rpc.Peer, 1)
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(func(ctx context.Context, n int) (int, error) {
			peers <- rpc.Caller(ctx)
			return working(ctx, n)
		})}})
		var asked atomic.Int32
		c, _ := l.connect(ask.Handle(func(context.Context, string) (string, error) { asked.Add(1); return "", nil }))
		go func() { _, _ = work.Call(context.Background(), c, 20) }()
		host := <-peers
		l.park(c, time.Minute)
		synctest.Wait()
		if _, err := ask.Call(contextOf(t, time.Second), host, ""); !errors.Is(err, rpc.Timeout) || asked.Load() != 0 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
		<-c.Done()
		again, _ := l.connect()
		l.leave(again)
	})
}

func TestACallThatWaitsWhileParkedFailsWhenThePluginLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		l, host, first := meeting(t, &runs)
		l.park(first, 10*time.Second)
		<-first.Done()
		began := time.Now()
		_, err := ask.Call(context.Background(), host, "hi")
		contains(t, err, "kit.ask: the host is not connected, and this plugin is leaving")
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %s, delivered %s", err, time.Since(began), rpc.Delivered(err))
		}
		<-l.ended
	})
}

func TestAHostThatComesWhileThePluginIsLeavingIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Stop: func(context.Context) error { time.Sleep(time.Second); return nil }})
		c, _ := l.connect()
		l.park(c, time.Second)
		<-c.Done()
		time.Sleep(1500 * time.Millisecond) // the Stop hook runs
		_, _, err := l.try(l.Hello())
		contains(t, err, "this plugin is leaving")
		var refusal *wire.Refusal
		if !errors.As(err, &refusal) || refusal.Code != string(rpc.Unavailable) {
			t.Errorf("%+v", refusal)
		}
		<-l.ended
	})
}

func TestAConnectionThatIsLostAfterAParkEndsThePlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops := 0
		l := serve(t, plugin.Server{Stop: func(context.Context) error { stops++; return nil }})
		first, _ := l.connect()
		l.park(first, time.Minute)
		<-first.Done()
		second, _ := l.connect()
		synctest.Wait()
		second.Close()
		if err := <-l.ended; err != nil || stops != 1 {
			t.Errorf("%v, Stop ran %d times", err, stops)
		}
	})
}
