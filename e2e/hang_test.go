//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// brief are time-outs for plugins that have to be ended by force.
var brief = m{"timeouts": m{"call": "300ms", "drain": "300ms", "stop": "300ms"}}

func TestAHandlerThatHangsCostsItsCallerTheCallTimeoutAndCloseTheStopTimeouts(t *testing.T) {
	for name, spin := range map[string]bool{"sleeping": false, "spinning": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.crasher("", brief)
			h := s.open()
			start := time.Now()
			_, err := crasherHang.Call(t.Context(), h.Plugin("crasher"), hangRequest{Spin: spin})
			if took := time.Since(start); !errors.Is(err, rpc.Timeout) || took > 3*time.Second {
				t.Errorf("after %s: %v; want Timeout after 300ms", took, err)
			}
			says(t, err, "crasher.hang", "call timeout of 300ms")
			s.goesOn(h)
			start = time.Now()
			h.Plugin("crasher").Close()
			took := time.Since(start)
			if took > 16*time.Second { // promised: 300 ms to drain, 300 ms to stop, 1 s after SIGTERM
				t.Errorf("Close took %s", took)
			}
			t.Logf("Close took %s", took.Round(time.Millisecond))
			if d, ok := s.shutdown("crasher"); !ok || !d.Asked {
				t.Errorf("shutdown %+v, %v", d, ok)
			}
			s.goesOn(h)
		})
	}
}

func TestAPluginThatIgnoresSIGTERMIsKilled(t *testing.T) {
	s := newSite(t)
	s.crasher("ignore-signals", m{"env": m{"set": m{"CRASHER_START": "ignore-signals"}}, "timeouts": m{"drain": "300ms", "stop": "300ms"}})
	h := s.open()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := crasherIgnoreSignals.Call(t.Context(), h.Plugin("crasher"), struct{}{}); err != nil {
		t.Fatal(err)
	}
	_, _ = crasherHang.Call(ctx, h.Plugin("crasher"), hangRequest{})
	h.Plugin("crasher").Close()
	if d, _ := s.shutdown("crasher"); d.Exit != "killed by SIGKILL" || !d.Asked {
		t.Errorf("shutdown %+v, want killed by SIGKILL, as asked", d)
	}
	s.goesOn(h)
}

func TestAStopHookThatHangsIsEndedAfterTheStopTimeout(t *testing.T) {
	s := newSite(t)
	s.oddity("stop-hang", m{"timeouts": m{"stop": "300ms"}})
	h := s.open()
	start := time.Now()
	h.Plugin("oddity").Close()
	if took := time.Since(start); took > 13*time.Second {
		t.Errorf("Close took %s, promised are 300ms and the second after SIGTERM", took)
	}
	s.goesOn(h)
}

func TestAStoppedProcessIsEndedByClose(t *testing.T) {
	s := newSite(t)
	s.crasher("", m{"timeouts": m{"drain": "200ms", "stop": "200ms"}})
	h := s.open()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _ = crasherSignal.Call(ctx, h.Plugin("crasher"), signalRequest{Signal: 19}) // SIGSTOP
	h.Plugin("crasher").Close()
	if d, _ := s.shutdown("crasher"); d.Exit != "killed by SIGKILL" {
		t.Errorf("shutdown %+v", d)
	}
	s.goesOn(h)
}

func TestCloseLetsCallsInFlightFinish(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	started := make(chan struct{}, 1)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{startedHandler(started)} })
	result := make(chan error, 1)
	go func() {
		got, err := oddityapi.Slow.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 700})
		if err == nil && got.N != 700 {
			err = errors.New("another answer")
		}
		result <- err
	}()
	await(t, started, "the handler to run")
	h.Plugin("oddity").Close()
	if err := <-result; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	if d, _ := s.shutdown("oddity"); d.Code != 0 || !d.Asked || d.Duration < 700*time.Millisecond {
		t.Errorf("shutdown %+v, want exit status 0 after more than 700ms", d)
	}
	_, err := oddityapi.Slow.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1})
	says(t, err, `plugin "oddity" is stopped`, "the host asked it to stop")
	s.goesOn(h)
}

// startedHandler tells that a slow handler runs.
func startedHandler(started chan<- struct{}) rpc.Handler {
	return oddityapi.Started.Handle(func(context.Context, oddityapi.Number) error {
		started <- struct{}{}
		return nil
	})
}

func await(t *testing.T, ready <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatalf("waited 10s for %s", what)
	}
}

func TestCallsEndWithTheDrainTimeoutIfTheyTakeTooLong(t *testing.T) {
	s := newSite(t)
	s.oddity("", m{"timeouts": m{"drain": "300ms", "stop": "300ms"}})
	started := make(chan struct{}, 1)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{startedHandler(started)} })
	result := make(chan error, 1)
	go func() {
		_, err := oddityapi.Slow.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 60_000})
		result <- err
	}()
	await(t, started, "the handler to run")
	h.Plugin("oddity").Close()
	err := <-result
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
		t.Errorf("%v, delivered %s", err, rpc.Delivered(err))
	}
	says(t, err, "oddity.slow", "drain time-out")
	s.goesOn(h)
}

func TestACallerThatGivesUpReturnsAtOnce(t *testing.T) {
	s := newSite(t)
	s.crasher("", brief)
	h := s.open()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		until(t, 10*time.Second, "pending", func() bool { return h.Plugin("crasher").Status().Pending == 1 })
		cancel()
	}()
	start := time.Now()
	_, err := crasherHang.Call(ctx, h.Plugin("crasher"), hangRequest{ForMS: 200})
	if !errors.Is(err, rpc.Canceled) || !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	s.goesOn(h)
}

func TestCloseLosesNoAnswerOnABusyMachine(t *testing.T) {
	const many = 12
	s := newSite(t)
	for i := range many {
		s.install("oddity-"+string(rune('a'+i)), "oddity", nil)
	}
	started := make(chan struct{}, 8*many)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{startedHandler(started)} })
	results := make(chan error, 8*many)
	for i := range 8 * many {
		go func() {
			_, err := oddityapi.Slow.Call(t.Context(), h.Plugin("oddity-"+string(rune('a'+i%many))), oddityapi.Number{N: 400})
			results <- err
		}()
	}
	for range 8 * many {
		await(t, started, "the handlers to run")
	}
	idle := burn()
	defer idle()
	s.close(h)
	for range 8 * many {
		if err := <-results; err != nil {
			t.Errorf("a call in flight: %v", err)
		}
	}
}

// burn keeps every processor busy until the result is called.
func burn() (idle func()) {
	var over atomic.Bool
	var all sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for !over.Load() {
			}
		})
	}
	return func() { over.Store(true); all.Wait() }
}
