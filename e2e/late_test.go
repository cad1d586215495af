//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAHandlerThatIgnoresItsContextDelaysNobodyAndItsLateAnswerIsDroppedAndCounted(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	p := h.Plugin("oddity")
	for what, err := range map[string]error{"a method": abandonedCall(t, p), "a stream": abandonedStream(t, p), "an upload": abandonedUpload(t, p)} {
		if !errors.Is(err, rpc.Canceled) {
			t.Errorf("%s: %v, want Canceled while its handler goes on", what, err)
		}
	}
	if got, err := oddityapi.Whole.Call(t.Context(), p, number{N: 4}); got.N != 4 || err != nil {
		t.Errorf("another call: %d, %v", got.N, err)
	}
	if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 1000})); len(got) != 1000 || err != nil {
		t.Errorf("another stream: %d items, %v", len(got), err)
	}
	if st := p.Status(); st.DroppedReplies != 0 || st.Pending != 0 || st.Streams != 0 {
		t.Errorf("status %+v, want nothing pending and nothing dropped yet", st)
	}
	waited, err := oddityapi.Release.Call(t.Context(), p, struct{}{})
	if waited.N != 3 || err != nil {
		t.Errorf("%d handlers went on, %v; want 3", waited.N, err)
	}
	until(t, 10*time.Second, "dropped three answers", func() bool { return p.Status().DroppedReplies == 3 })
	s.goesOn(h)
}

// abandonedCall cancels a call whose handler runs.
func abandonedCall(t *testing.T, p *host.Plugin) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	end := make(chan error, 1) // from the call, once
	go func() {
		_, err := oddityapi.Stubborn.Call(ctx, p, number{N: 1})
		end <- err
	}()
	waiting(t, p, 1)
	cancel()
	return <-end
}

// waiting waits until so many stubborn handlers run: what is cancelled before leaves none.
func waiting(t *testing.T, p *host.Plugin, want int64) {
	t.Helper()
	until(t, 10*time.Second, "running", func() bool {
		got, err := oddityapi.Waiting.Call(t.Context(), p, struct{}{})
		mustDo(t, err)
		return got.N == want
	})
}

func abandonedStream(t *testing.T, p *host.Plugin) (last error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range oddityapi.StubbornStream.Open(ctx, p, number{N: 1}) {
		if last = err; err == nil {
			waiting(t, p, 2)
			if n := p.Status().Streams; n != 1 {
				t.Errorf("the status has %d streams, want this one", n)
			}
			cancel()
		}
	}
	return last
}

func abandonedUpload(t *testing.T, p *host.Plugin) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := oddityapi.StubbornUpload.Call(ctx, p, func(yield func(number, error) bool) {
		if yield(number{N: 1}, nil) {
			waiting(t, p, 3)
			cancel()
		}
	})
	return err
}

func TestAHostsHandlerThatIgnoresItsContextDelaysNoPlugin(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	released := make(chan struct{}) // closed at the end
	ended := make(chan struct{}, 2) // from the two handlers
	wait := func() { <-released; ended <- struct{}{} }
	h := s.open(func(c *host.Config) {
		c.Handlers = []rpc.Handler{
			oddityapi.Double.Handle(func(_ context.Context, n number) (number, error) { wait(); return n, nil }),
			oddityapi.HostSum.Handle(func(_ context.Context, items iter.Seq2[number, error]) (number, error) { wait(); return number{}, nil }),
			oddityapi.Keep.Handle(func(_ context.Context, n number) (number, error) { return n, nil }),
		}
	})
	visit := visiting(t, h)
	for _, e := range []oddityapi.Errand{{Message: string(oddityapi.Double), N: 1, Within: 100}, {Message: string(oddityapi.HostSum), N: -2, Within: 100}} {
		if got := visit(e); got.Code != rpc.Timeout {
			t.Errorf("%s: %+v, want Timeout while its handler goes on", e.Message, got)
		}
	}
	if got := visit(oddityapi.Errand{Message: string(oddityapi.Keep), N: 5}); got.Sum != 5 || got.Code != "" {
		t.Errorf("another call: %+v", got)
	}
	close(released)
	for range 2 {
		await(t, ended, "the late handlers")
	}
	if got := visit(oddityapi.Errand{Message: string(oddityapi.Keep), N: 6}); got.Sum != 6 || got.Code != "" {
		t.Errorf("behind late answers: %+v", got)
	}
	s.goesOn(h)
}
