package plugin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// keptFor is the start-up data of a plugin that outlives its host; 0: for ever.
func keptFor(d time.Duration) func(*wire.Startup) {
	return func(s *wire.Startup) {
		s.Disconnect = wire.Disconnect{Mode: lifecycle.KeepAlive, Timeout: d.Milliseconds()}
	}
}

func TestAKeptPluginOutlivesItsHostAndServesTheNextOneWithItsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		total := 0
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{work.Handle(func(_ context.Context, n int) (int, error) { total += n; return total, nil })}}, keptFor(time.Hour))
		for round := 1; round <= 3; round++ {
			l.Startup.Host.ID = string(rune('a' + round)) // another process
			c, _ := l.connect()
			if sum, err := work.Call(t.Context(), c, 7); err != nil || sum != 7*round {
				t.Errorf("round %d: %d, %v", round, sum, err)
			}
			if round == 3 {
				l.leave(c)
				break
			}
			if round == 1 {
				l.Die()
			}
			c.Close()
			time.Sleep(59 * time.Minute)
		}
		if l.kills.Load() != 0 {
			t.Errorf("killed %d times", l.kills.Load())
		}
	})
}

func TestAKeptPluginLeavesInOrderWhenNobodyHasConnectedInTime(t *testing.T) {
	for name, c := range map[string]struct{ kept, want time.Duration }{"an hour": {time.Hour, time.Hour}, "for ever": {0, 10_000 * time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			stops := 0
			l := serve(t, plugin.Server{Stop: func(context.Context) error { stops++; return nil }}, keptFor(c.kept))
			h, _ := l.connect()
			began := time.Now()
			h.Close()
			select {
			case err := <-l.ended:
				if err != nil || stops != 1 || time.Since(began) != c.want {
					t.Errorf("%s: %v, Stop ran %d times, after %s", name, err, stops, time.Since(began))
				}
			case <-time.After(c.want + time.Second):
				if c.kept != 0 {
					t.Errorf("%s: it has not left after %s", name, time.Since(began))
				}
				l.ask()
				<-l.ended
			}
		})
	}
}

func TestCallsOfAKeptPluginWaitForTheNextHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var host rpc.Peer
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) { host = rpc.Caller(ctx); return s, nil })}}, keptFor(time.Hour))
		answers := ask.Handle(func(_ context.Context, s string) (string, error) { return "answer to " + s, nil })
		c, _ := l.connect(answers)
		if _, err := echo.Call(t.Context(), c, ""); err != nil {
			t.Fatal(err)
		}
		c.Close()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := ask.Call(short, host, "nobody")
		contains(t, err, "kit.ask: the host is not connected, and this plugin waits for it: context deadline exceeded")
		if rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("delivered: %v", rpc.Delivered(err))
		}
		waited := make(chan string, 1)
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
		defer stop()
		go func() {
			s, err := ask.Call(ctx, host, "me")
			waited <- s + " " + text(err)
		}()
		time.Sleep(10 * time.Minute)
		next, _ := l.connect(answers)
		if got := <-waited; got != "answer to me " {
			t.Errorf("got %q", got)
		}
		l.leave(next)
	})
}

func TestAStopGoodbyeEndsAKeptPlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{}, keptFor(time.Hour))
		c, _ := l.connect()
		began := time.Now()
		l.goodbye(c)
		if err := <-l.ended; err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestAKeptPluginThatIsParkedForALeaseStaysAsLongAsThat(t *testing.T) {
	for lease, want := range map[time.Duration]time.Duration{0: time.Hour, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{}, keptFor(time.Hour))
			c, _ := l.connect()
			l.park(c, lease)
			<-c.Done()
			began := time.Now()
			if err := <-l.ended; err != nil || time.Since(began) != want {
				t.Errorf("%v after %s, want %s", err, time.Since(began), want)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
