//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAMessageThatNobodyHandlesIsRefusedWithTheNearestName(t *testing.T) {
	s := newSite(t)
	h := s.open()
	misspelt := rpc.Method[delta, total]("counter.ad")
	_, err := misspelt.Call(t.Context(), h.Plugin("counter"), delta{})
	if !errors.Is(err, rpc.Unimplemented) || rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("%v (%s), delivered %s; want Unimplemented, not delivered", err, rpc.CodeOf(err), rpc.Delivered(err))
	}
	says(t, err, `"counter.ad"`, "not handled", "counter.add")
	s.goesOn(h)
}

func TestAPayloadOfAnotherShapeIsRefusedBeforeItIsSent(t *testing.T) {
	type wrong struct {
		By string `json:"by"`
	}
	s := newSite(t)
	h := s.open()
	_, err := rpc.Method[wrong, total]("counter.add").Call(t.Context(), h.Plugin("counter"), wrong{"two"})
	if rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("delivered %s, want no", rpc.Delivered(err))
	}
	says(t, err, `"counter.add"`, `field "by" is string here and int64 there`)
	err = rpc.Notice[delta]("counter.add").Send(t.Context(), h.Plugin("counter"), delta{1})
	says(t, err, `"counter.add"`, "method", "notice")
	s.goesOn(h)
}

func TestANarrowerIntegerIsRefusedInTheHandshakeIfTheHostDeclaresItsUse(t *testing.T) {
	s := newSite(t)
	s.oddity("narrow", nil)
	h := s.open(func(c *host.Config) { c.Uses = []rpc.Use{oddityapi.Whole.Use(), counterAdd.Use()} })
	says(t, failure(t, h, "oddity"), `plugin "oddity" 1.0.0`, `message "oddity.whole"`, `field "n" is int64 here and int8 there`)
	s.goesOn(h)
}

func TestANarrowerIntegerIsRefusedAtTheFirstCallOtherwise(t *testing.T) {
	s := newSite(t)
	s.oddity("narrow", nil)
	h := s.open()
	_, err := oddityapi.Whole.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1 << 40})
	if rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("delivered %s, want no", rpc.Delivered(err))
	}
	says(t, err, `message "oddity.whole"`, `field "n" is int64 here and int8 there`)
	s.goesOn(h)
}

func TestAFrameOverTheLimitFailsThatCallInEitherDirectionAndThePluginLives(t *testing.T) {
	s := newSite(t)
	s.crasher("", m{"limits": m{"frame": "64KiB"}})
	h := s.open()
	p := h.Plugin("crasher")
	_, err := crasherEcho.Call(t.Context(), p, echoRequest{Data: make([]byte, 100<<10)})
	says(t, err, "crasher.echo", "over the limit of 65536 bytes", "limits.frame")
	if rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("a request that is too large: delivered %s, want no", rpc.Delivered(err))
	}
	_, err = crasherEcho.Call(t.Context(), p, echoRequest{Size: 100 << 10})
	says(t, err, "crasher.echo", "over the limit of 65536 bytes", "limits.frame")
	got, err := crasherEcho.Call(t.Context(), p, echoRequest{Size: 60 << 10})
	if err != nil || len(got.Data) != 60<<10 || p.Status().Generation != 1 {
		t.Errorf("a frame below the limit: %d bytes, %v, generation %d", len(got.Data), err, p.Status().Generation)
	}
	s.goesOn(h)
}

func TestAPanicInAHandlerAnswersItsCallAndThePluginLives(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	p := h.Plugin("crasher")
	pid := p.Status().PID
	_, err := crasherPanic.Call(t.Context(), p, textRequest{"out of cheese"})
	var e *rpc.Error
	if !errors.Is(err, rpc.Internal) || !errors.As(err, &e) || e.Stack == "" || e.Origin != rpc.FromPlugin {
		t.Errorf("%v (%+v); want Internal, from the plugin, with a stack", err, e)
	}
	says(t, err, "crasher.panic", "out of cheese")
	if _, err := crasherEcho.Call(t.Context(), p, echoRequest{Size: 1}); err != nil || p.Status().PID != pid {
		t.Errorf("after a panic: %v, process %d, was %d", err, p.Status().PID, pid)
	}
	s.goesOn(h)
}

func TestAPanicInAGoroutineIsACrashReportWithItsText(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	_, err := crasherPanicGoroutine.Call(t.Context(), h.Plugin("crasher"), textRequest{"out of onions"})
	says(t, err, "exit status 2")
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	says(t, failure(t, h, "crasher"), "exit status 2", "panic: out of onions", "goroutine")
	s.goesOn(h)
}

func TestAnErrorKeepsItsCodeDetailsAndCausesAcrossProcesses(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	_, err := crasherFail.Call(t.Context(), h.Plugin("crasher"), failRequest{Code: rpc.Conflict, Message: "top", Causes: 2, Details: map[string]string{"shelf": "4"}})
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != rpc.Conflict || e.Details["shelf"] != "4" || e.Cause == nil || e.Cause.Message != "cause 1" {
		t.Errorf("%+v", e)
	}
	s.goesOn(h)
}

func TestCallsGoBothWaysAtOnceWithCallbacks(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{oddityapi.Double.Handle(double)} })
	var wg sync.WaitGroup
	var wrong atomic.Int32
	for range 20 {
		wg.Go(func() {
			got, err := oddityapi.Relay.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 50})
			if err != nil || got.N != 50*51 {
				wrong.Add(1)
				t.Logf("relay: %d, %v", got.N, err)
			}
		})
	}
	wg.Wait()
	if wrong.Load() > 0 {
		t.Errorf("%d of 20 calls went wrong", wrong.Load())
	}
	s.goesOn(h)
}

func double(_ context.Context, n oddityapi.Number) (oddityapi.Number, error) {
	return oddityapi.Number{N: 2 * n.N}, nil
}

func TestAStartHookMayCallItsHost(t *testing.T) {
	s := newSite(t)
	s.oddity("callback", nil)
	var asked atomic.Int32
	h := s.open(func(c *host.Config) {
		c.Handlers = []rpc.Handler{oddityapi.Double.Handle(func(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
			asked.Add(1)
			return double(ctx, n)
		})}
	})
	if err := h.Plugin("oddity").Ready(t.Context()); err != nil || asked.Load() != 1 {
		t.Errorf("%v, the host was asked %d times, want once", err, asked.Load())
	}
	s.goesOn(h)
}

func TestTenThousandNoticesArriveInOrderEachWay(t *testing.T) {
	const many = 10_000
	s := newSite(t)
	s.crasher("", nil)
	s.oddity("", nil)
	var last, disorder atomic.Int64
	h := s.open(func(c *host.Config) {
		c.Handlers = []rpc.Handler{oddityapi.Told.Handle(func(_ context.Context, n oddityapi.Number) error {
			if !last.CompareAndSwap(n.N-1, n.N) {
				disorder.Add(1)
			}
			return nil
		})}
	})
	if _, err := oddityapi.Tell.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: many}); err != nil {
		t.Fatal(err)
	}
	until(t, 20*time.Second, "told the last number", func() bool { return last.Load() == many })
	if disorder.Load() > 0 {
		t.Errorf("%d of the plugin's notices were out of order", disorder.Load())
	}
	for i := range many {
		if err := crasherNote.Send(t.Context(), h.Plugin("crasher"), noteEvent{Text: string(rune('a' + i%26))}); err != nil {
			t.Fatalf("notice %d: %v", i, err)
		}
	}
	s.notesInOrder(h, many)
	s.goesOn(h)
}

// notesInOrder waits until the crasher has all notes.
func (s *site) notesInOrder(h *host.Host, many int) {
	s.t.Helper()
	var got notesReply
	until(s.t, 20*time.Second, "noted all", func() bool {
		var err error
		if got, err = crasherNotes.Call(s.t.Context(), h.Plugin("crasher"), struct{}{}); err != nil {
			s.t.Fatal(err)
		}
		return len(got.Texts) == many
	})
	for i, text := range got.Texts {
		if text != string(rune('a'+i%26)) {
			s.t.Fatalf("note %d is %q", i, text)
		}
	}
}
