//go:build linux

package e2e_test

import (
	"errors"
	"iter"
	"math"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestCloseEndsWhatStreams(t *testing.T) {
	s := newSite(t)
	s.oddity("", m{"timeouts": m{"drain": "100ms"}})
	h := s.open(func(c *host.Config) { c.Handlers = []rpc.Handler{oddityapi.HostCount.Handle(oddityapi.Counted)} })
	p := h.Plugin("oddity")
	ends := map[string]<-chan error{
		"a stream":              streaming(t, oddityapi.Count, p),
		"one that comes back":   streaming(t, oddityapi.HostCount, p),
		"an upload":             uploading(t, p),
		"a duplex that is idle": talking(t, p),
	}
	s.close(h)
	for what, end := range ends {
		if err := <-end; !errors.Is(err, rpc.Unavailable) {
			t.Errorf("%s: %v, want Unavailable", what, err)
		}
	}
	if d, ok := s.shutdown("oddity"); !ok || !d.Asked || d.Code != 0 {
		t.Errorf("the plugin's shutdown %+v: its handlers end with their streams, and it leaves by itself", d)
	}
}

// streaming reads a stream without end, and tells how it ended. It has begun.
func streaming(t *testing.T, count rpc.Stream[number, number], p rpc.Peer) <-chan error {
	begun, end := make(chan struct{}, 1), make(chan error, 1) // of one signal and one error, from the goroutine
	go func() {
		_, err := read(watched(count.Open(t.Context(), p, number{N: -2}), begun))
		end <- err
	}()
	await(t, begun, "the first item")
	return end
}

// watched tells of the second item. It keeps no items.
func watched(items iter.Seq2[number, error], begun chan<- struct{}) iter.Seq2[number, error] {
	return func(yield func(number, error) bool) {
		for item, err := range items {
			if item.N == 2 {
				begun <- struct{}{}
			}
			if err != nil && !yield(item, err) {
				return
			}
		}
	}
}

// uploading sends without end.
func uploading(t *testing.T, p rpc.Peer) <-chan error {
	begun, end := make(chan struct{}, 1), make(chan error, 1) // of one signal and one error, from the goroutine
	go func() {
		_, err := oddityapi.Sum.Call(t.Context(), p, func(yield func(number, error) bool) {
			upTo(math.MaxInt64)(func(n number, err error) bool {
				if n.N == 2 {
					begun <- struct{}{}
				}
				return yield(n, err)
			})
		})
		end <- err
	}()
	await(t, begun, "the second item")
	return end
}

// talking has said something, and waits for an answer to nothing.
func talking(t *testing.T, p rpc.Peer) <-chan error {
	x, err := oddityapi.Chat.Open(t.Context(), p)
	mustDo(t, err)
	mustDo(t, x.Send(number{N: 1}))
	begun, end := make(chan struct{}, 1), make(chan error, 1) // of one signal and one error, from the goroutine
	go func() {
		defer x.Close()
		var last error
		for item, err := range x.Items() {
			if last = err; item.N == -1 {
				begun <- struct{}{}
			}
		}
		end <- last
	}()
	await(t, begun, "the answer")
	return end
}

func TestASlowReaderHoldsUpNothingElseOfItsPlugin(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	p := h.Plugin("oddity")
	slow, stop := iter.Pull2(oddityapi.Count.Open(t.Context(), p, number{N: 100_000}))
	defer stop()
	slow()
	for n := range int64(1000) { // each is answered before the next item is read
		if got, err := oddityapi.Whole.Call(t.Context(), p, number{N: n}); got.N != n || err != nil {
			t.Fatalf("call %d: %d, %v", n, got.N, err)
		}
	}
	if got, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 50_000})); len(got) != 50_000 || err != nil {
		t.Errorf("another stream: %d items, %v", len(got), err)
	}
	if ended, err := oddityapi.Ended.Call(t.Context(), p, struct{}{}); ended.N != 1 || err != nil {
		t.Errorf("%d handlers of Count have ended, %v; want that of the other stream, while this one waits", ended.N, err)
	}
	for want := int64(2); want <= 100_000; want++ {
		if got, err, more := slow(); got.N != want || err != nil || !more {
			t.Fatalf("item %d: %d, %v, %t", want, got.N, err, more)
		}
	}
	if _, err, more := slow(); more {
		t.Errorf("behind the last item: %v", err)
	}
	s.goesOn(h)
}

func TestHooksAreToldOfAStreamOnceAndThatItWasLeft(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	var mu sync.Mutex
	var ends []error
	h := s.open(func(c *host.Config) {
		c.Hooks.Message = func(m host.Message) {
			mu.Lock()
			defer mu.Unlock()
			if m.Kind == rpc.KindStream {
				ends = append(ends, m.Err)
			}
		}
	})
	p := h.Plugin("oddity")
	for range oddityapi.Count.Open(t.Context(), p, number{N: -2}) {
		break
	}
	if _, err := read(oddityapi.Count.Open(t.Context(), p, number{N: 100})); err != nil {
		t.Error(err)
	}
	s.close(h)
	mu.Lock()
	defer mu.Unlock()
	if len(ends) != 2 || !errors.Is(ends[0], rpc.Canceled) || ends[1] != nil {
		t.Errorf("told of %v, want Canceled for the one that was left, and then of one without error", ends)
	}
}
