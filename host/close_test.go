package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestStopGoesFromGoodbyeToSigtermToSigkillAtItsTimes(t *testing.T) {
	for name, run := range map[string]struct {
		fake *fake
		want []string
	}{
		"in order":    {&fake{}, []string{"one: goodbye 0s"}},
		"deaf":        {&fake{Deaf: true}, []string{"one: goodbye 0s", "one: SIGTERM 5s"}},
		"and defiant": {&fake{Deaf: true, Defiant: true}, []string{"one: goodbye 0s", "one: SIGTERM 5s", "one: SIGKILL 6s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.add("one", run.fake)
				h := w.open()
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				w.Starter.Wait()
				if got := w.notes(); !slices.Equal(got, run.want) {
					t.Errorf("got %q, want %q", got, run.want)
				}
				p := h.Plugin("one")
				if s := p.Status(); s.State != host.Stopped || s.Active || s.PID != 0 || s.Reason != "the host asked it to stop" {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

func TestCallsInFlightFinishBeforeThePluginStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slowly := func(context.Context, string) (string, error) { <-time.After(20 * time.Second); return "done", nil }
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(slowly)}})
		h := w.open()
		result := make(chan error, 1)
		go func() {
			_, err := echo.Call(context.Background(), h.Plugin("one"), "")
			result <- err
		}()
		synctest.Wait()
		began := time.Now()
		h.Close()
		if err := <-result; err != nil || time.Since(began) != 20*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestTheDrainLimitEndsCallsInFlightAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Timeouts = host.Timeouts{Drain: 3 * time.Second, Call: time.Hour}
		w.add("one", &fake{Handlers: []rpc.Handler{hang.Handle(hanging)}})
		h := w.open()
		result := make(chan error, 1)
		go func() {
			_, err := hang.Call(context.Background(), h.Plugin("one"), "")
			result <- err
		}()
		synctest.Wait()
		began := time.Now()
		h.Close()
		err := <-result
		if !errors.Is(err, rpc.Unavailable) || !strings.Contains(err.Error(), "the drain time-out has passed") || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%v, delivered %s", err, rpc.Delivered(err))
		}
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("Close took %s", d)
		}
	})
}

func TestTheDrainLimitEndsThePluginsCallsToTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Timeouts = host.Timeouts{Drain: 3 * time.Second}
		ended := make(chan error, 1)
		w.config.Handlers = []rpc.Handler{hang.Handle(func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return "", ctx.Err()
		})}
		w.add("one", &fake{Serving: func(c *rpc.Conn) { go hang.Call(context.Background(), c, "") }})
		h := w.open()
		synctest.Wait()
		began := time.Now()
		h.Close()
		if <-ended; time.Since(began) != 3*time.Second {
			t.Errorf("the handler's context ended after %s", time.Since(began))
		}
	})
}

func TestCloseWhileStartingStopsTheLaunch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("late", &fake{Instead: silent})
		w.add("waits", &fake{}, members{"requires": members{"late": "^1"}})
		ctx, cancel := context.WithCancelCause(t.Context())
		_, failed := w.opening(ctx)
		time.Sleep(2 * time.Second)
		enough := errors.New("enough")
		cancel(enough)
		err := <-failed
		if !errors.Is(err, enough) || err.Error() != "open host kit: enough" || time.Since(w.began) != 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(w.began))
		}
		w.Starter.Wait()
		if n := len(w.Starter.Started()); n != 1 || !w.Starter.Started()[0].Closed() {
			t.Errorf("%d processes", n)
		}
	})
}

func TestAPluginClosedWhileItStartsIsStoppedNotFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("late", &fake{Start: starts(make(chan struct{}))})
		var events []string
		w.config.Hooks.Event = func(e host.Event) { events = append(events, string(e.From)+">"+string(e.To)) }
		ctx, cancel := context.WithCancel(t.Context())
		_, failed := w.opening(ctx)
		synctest.Wait()
		cancel()
		<-failed
		w.Starter.Wait()
		if !slices.Equal(events, []string{">starting", "starting>stopped"}) {
			t.Errorf("events %q", events)
		}
	})
}

func TestCloseTwiceAndAtOnceWaitsForTheEndEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Deaf: true})
		h := w.open()
		var wg sync.WaitGroup
		began := time.Now()
		for range 4 {
			wg.Go(func() {
				if err := h.Close(); err != nil || time.Since(began) != 5*time.Second {
					t.Errorf("close: %v after %s", err, time.Since(began))
				}
			})
			wg.Go(func() {
				if err := h.Plugin("one").Close(); err != nil || time.Since(began) != 5*time.Second {
					t.Errorf("close of the plugin: %v after %s", err, time.Since(began))
				}
			})
		}
		wg.Wait()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if terms, _ := w.Starter.Started()[0].Signals(); terms != 1 {
			t.Errorf("SIGTERM was sent %d times", terms)
		}
	})
}

func TestAPluginThatSaysGoodbyeFirstIsStoppedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(func(context.Context, string) (string, error) {
			<-time.After(9 * time.Second)
			return "done", nil
		})}})
		h := w.open()
		result := make(chan error, 1)
		go func() {
			_, err := echo.Call(context.Background(), h.Plugin("one"), "")
			result <- err
		}()
		synctest.Wait()
		f.Launched().Leave()
		if err := <-result; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		h.Plugin("one").Close()
		if s := h.Plugin("one").Status(); s.State != host.Stopped || s.Reason != "it asked to leave" {
			t.Errorf("status %+v", s)
		}
		if terms, _ := w.Starter.Started()[0].Signals(); terms != 0 {
			t.Errorf("SIGTERM was sent %d times", terms)
		}
	})
}
