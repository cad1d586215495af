package plugin_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestGoodbyeFinishesWhatIsInFlightThenStopsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops := 0
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(working)}, Stop: func(context.Context) error { stops++; return nil }})
		c, goodbyes := l.connect()
		began := time.Now()
		result := make(chan error, 1)
		go func() {
			_, err := work.Call(context.Background(), c, 20)
			result <- err
		}()
		synctest.Wait()
		l.goodbye(c)
		if err := <-result; err != nil || time.Since(began) != 20*time.Second {
			t.Errorf("in flight: %v after %s", err, time.Since(began))
		}
		if err := <-l.ended; err != nil || stops != 1 {
			t.Errorf("ended with %v, Stop ran %d times", err, stops)
		}
		if g := <-goodbyes; g.Then != rpc.GoodbyeStop {
			t.Errorf("its last word %+v", g)
		}
		if l.kills.Load() != 0 {
			t.Error("the group was killed")
		}
	})
}

func TestAskedToLeaveItSaysGoodbyeFirstAndServesUntilItsHostHasSaidIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed), work.Handle(working)}})
		c, goodbyes := l.connect()
		result := make(chan error, 1)
		go func() {
			_, err := work.Call(context.Background(), c, 20)
			result <- err
		}()
		synctest.Wait()
		l.ask()
		<-goodbyes
		if _, err := echo.Call(t.Context(), c, "late"); err != nil {
			t.Errorf("a call before the host's goodbye: %v", err)
		}
		l.goodbye(c)
		if err := <-result; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAskedToLeaveItGoesWithoutAnAnswerAfterTheStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{})
		l.connect()
		synctest.Wait() // it serves the host
		began := time.Now()
		l.ask()
		if err := <-l.ended; err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestAskedToLeaveBeforeAHostCameItEndsWithoutAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{})
		l.ask()
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestNoHostInTimeEndsWithSixtyNine(t *testing.T) {
	for name, c := range map[string]struct {
		own  time.Duration
		want time.Duration
	}{"the host's": {0, 30 * time.Second}, "its own": {2 * time.Second, 2 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{HostConnectTimeout: c.own})
			began := time.Now()
			err := <-l.ended
			contains(t, err, "no host connected within "+c.want.String()+" (hostConnect): start this plugin through its host")
			if plugin.ExitCode(err) != 69 || time.Since(began) != c.want {
				t.Errorf("%s: code %d after %s", name, plugin.ExitCode(err), time.Since(began))
			}
		})
	}
}

func TestForEverIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{HostConnectTimeout: -1})
		time.Sleep(1000 * time.Hour)
		c, _ := l.connect()
		l.goodbye(c)
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestACallToTheHostWaitsForTheConnectionThatIsBeingMade(t *testing.T) {
	peer := plugin.NewHostPeer(0)
	there, here := rpctest.Pair(t, []rpc.Handler{ask.Handle(echoed)}, nil)
	result := make(chan error, 1)
	peer.Connect("first", func() *rpc.Conn {
		begun := make(chan struct{})
		go func() { // the handler of a call that has just arrived
			close(begun)
			_, err := ask.Call(context.Background(), peer, "hi")
			result <- err
		}()
		<-begun
		for range 1000 {
			runtime.Gosched()
		}
		return here
	})
	if err := <-result; err != nil || there.Err() != nil {
		t.Error(err)
	}
}

func TestTheStartHookRunsOnceAndItsErrorReachesTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := 0
		var peer rpc.Peer
		l := serve(t, plugin.Server{Start: func(ctx context.Context) error {
			starts++
			peer = rpc.Caller(ctx)
			return rpc.Errorf(rpc.Denied, "no licence")
		}})
		c, _ := l.connect(ask.Handle(echoed))
		for range 2 {
			_, err := lifecycle.Start.Call(t.Context(), c, lifecycle.None{})
			contains(t, err, "no licence")
			if !errors.Is(err, rpc.Denied) {
				t.Errorf("code %s", rpc.CodeOf(err))
			}
		}
		if starts != 1 {
			t.Errorf("Start ran %d times", starts)
		}
		if got, err := ask.Call(t.Context(), peer, "hi"); got != "hi" || err != nil {
			t.Errorf("the hook's caller: %q, %v", got, err)
		}
		l.goodbye(c)
		<-l.ended
	})
}

func TestAStopHookThatFailsOrIsLateIsTheExit(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(context.Context) error
		want string
		late time.Duration
	}{
		"fails": {func(context.Context) error { return errors.New("disk full") }, "stop: disk full", 0},
		"late":  {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "stop: context deadline exceeded", 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{Stop: c.stop})
			h, _ := l.connect()
			began := time.Now()
			l.goodbye(h)
			err := <-l.ended
			contains(t, err, c.want)
			if plugin.ExitCode(err) != plugin.ExitSoftware || time.Since(began) != c.late {
				t.Errorf("%s: code %d after %s", name, plugin.ExitCode(err), time.Since(began))
			}
		})
	}
}

func TestAHostThatDiesTakesTheGroupWithItAfterTheStopHook(t *testing.T) {
	for name, c := range map[string]struct{ hook, killed time.Duration }{
		"quick": {100 * time.Millisecond, 100 * time.Millisecond}, "stuck": {time.Hour, plugin.HostGoneGrace},
	} {
		synctest.Test(t, func(t *testing.T) {
			var stops atomic.Int32
			l := serve(t, plugin.Server{Stop: func(context.Context) error { stops.Add(1); <-time.After(c.hook); return nil }})
			h, _ := l.connect()
			began := time.Now()
			l.Die()
			h.Close()
			if d := (<-l.killed).Sub(began); d != c.killed || stops.Load() != 1 {
				t.Errorf("%s: killed after %s, Stop ran %d times", name, d, stops.Load())
			}
			if err := <-l.ended; plugin.ExitCode(err) != 0 || l.kills.Load() != 1 {
				t.Errorf("%s: %v, killed %d times", name, err, l.kills.Load())
			}
			time.Sleep(c.hook) // a real process would not see the end of its hook
		})
	}
}

func TestALostConnectionAloneStopsThePluginAndKillsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops := 0
		l := serve(t, plugin.Server{Stop: func(context.Context) error { stops++; return nil }})
		c, _ := l.connect()
		c.Close()
		if err := <-l.ended; err != nil || stops != 1 || l.kills.Load() != 0 {
			t.Errorf("%v, Stop ran %d times, killed %d times", err, stops, l.kills.Load())
		}
	})
}

func TestKeepAliveOutlivesItsHostsLifeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{}, func(s *wire.Startup) { s.Disconnect.Mode = lifecycle.KeepAlive })
		c, _ := l.connect()
		l.Die()
		time.Sleep(time.Minute)
		if _, err := c.Ping(t.Context()); err != nil || l.kills.Load() != 0 {
			t.Errorf("ping %v, killed %d times", err, l.kills.Load())
		}
		l.goodbye(c)
		<-l.ended
	})
}
