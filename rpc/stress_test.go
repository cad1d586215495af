package rpc_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// callingBack answers greet with what the caller's lookup says.
func callingBack() []rpc.Handler {
	return []rpc.Handler{
		greet.Handle(func(ctx context.Context, req greetRequest) (greeting, error) {
			n, err := lookup.Call(ctx, rpc.Caller(ctx), req.Name)
			return greeting{Text: fmt.Sprint(req.Name, n)}, err
		}),
		lookup.Handle(func(_ context.Context, name string) (int, error) { return len(name), nil }),
	}
}

func TestAThousandCallsEachWayWithCallbacksAreAnswered(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		t.Run(s.Name(), func(t *testing.T) {
			opt := rpc.Options{Serializer: s, Handlers: rpc.NewMux(callingBack()...), MaxInflight: 4096}
			a, b := rpctest.PairWith(t, opt, opt)
			var wg sync.WaitGroup
			for i := range 1000 {
				for _, c := range []*rpc.Conn{a, b} {
					wg.Go(func() {
						name := strings.Repeat("x", i)
						got, err := greet.Call(t.Context(), c, greetRequest{Name: name})
						if want := fmt.Sprint(name, i); err != nil || got.Text != want {
							t.Errorf("call %d: got %.20q, %v", i, got.Text, err)
						}
					})
				}
			}
			wg.Wait()
			for _, c := range []*rpc.Conn{a, b} {
				if err := c.Drain(t.Context()); err != nil {
					t.Error(err)
				}
				if s := c.Stats(); s != (rpc.Stats{Received: s.Received}) {
					t.Errorf("got %+v", s)
				}
			}
		})
	}
}

func TestCancelledCallsNeverMixUpReplies(t *testing.T) {
	a, b := rpctest.Pair(t, nil, []rpc.Handler{lookup.Handle(func(_ context.Context, name string) (int, error) { runtime.Gosched(); return len(name), nil })})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := strings.Repeat("x", i)
			for round := range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round)*20*time.Microsecond)
				got, err := lookup.Call(ctx, a, name)
				cancel()
				if err == nil && got != i {
					t.Errorf("got %d, expected %d", got, i)
				}
				// Handlers whose callers have left still count there: a burst of them may be refused.
				if err != nil && rpc.CodeOf(err) != rpc.Timeout && rpc.CodeOf(err) != rpc.Exhausted {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := a.Stats().Pending; n != 0 {
		t.Errorf("%d calls are pending", n)
	}
	if _, err := b.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCallsThatTheirCallerCountsAsNotDeliveredNeverRan compares what callers were told with what ran.
func TestCallsThatTheirCallerCountsAsNotDeliveredNeverRan(t *testing.T) {
	var mu sync.Mutex
	ran := map[string]bool{}
	a, b := rpctest.Pair(t, nil, []rpc.Handler{echo.Handle(func(_ context.Context, v string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		ran[v[:8]] = true
		return "", nil
	})})
	told := make(chan string, 2000)
	var wg sync.WaitGroup
	for i := range 2000 {
		wg.Go(func() {
			name := fmt.Sprintf("%08d", i)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%100)*100*time.Microsecond)
			defer cancel()
			if _, err := echo.Call(ctx, a, name+strings.Repeat("x", i)); err != nil && rpc.Delivered(err) == rpc.NotDelivered {
				told <- name
			}
			if i == 1500 {
				a.Close()
			}
		})
	}
	wg.Wait()
	b.Close()
	close(told)
	mu.Lock()
	defer mu.Unlock()
	for name := range told {
		if ran[name] {
			t.Errorf("call %s ran and was reported as not delivered", name)
		}
	}
}

// TestNoGoroutineOutlivesClose: the bubble refuses to end while one does.
func TestNoGoroutineOutlivesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			slow := []rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
				<-ctx.Done()
				return greeting{}, ctx.Err()
			}),
				wave.Handle(func(ctx context.Context, _ int) error { <-rpc.Caller(ctx).(*rpc.Conn).Done(); return nil })}
			a, b := rpctest.Pair(t, slow, slow)
			for _, c := range []*rpc.Conn{a, b} {
				for range 5 {
					go func() { _, _ = greet.Call(context.Background(), c, greetRequest{}) }()
					go func() { _ = wave.Send(context.Background(), c, 1) }()
				}
				go func() { _ = c.Drain(context.Background()) }()
			}
			synctest.Wait()
			a.Close()
			b.Close()
			synctest.Wait()
			for _, c := range []*rpc.Conn{a, b} {
				if s := c.Stats(); s.Pending != 0 || s.Serving != 0 {
					t.Fatalf("after Close: %+v", s)
				}
			}
		}
	})
}

func TestCloseFromManySidesAtOnceReturns(t *testing.T) {
	for range 50 {
		a, b := rpctest.Pair(t, callingBack(), callingBack())
		var wg sync.WaitGroup
		for _, c := range []*rpc.Conn{a, b, a, b} {
			wg.Go(func() { _, _ = greet.Call(t.Context(), c, greetRequest{Name: "x"}) })
			wg.Go(func() { _ = c.Goodbye(t.Context(), rpc.Goodbye{}) })
			wg.Go(func() { c.Close() })
			wg.Go(func() { _ = c.Drain(t.Context()) })
			wg.Go(func() { _, _ = c.Ping(t.Context()) })
		}
		wg.Wait()
	}
}

func TestDrainNeverMissesTheLastAnswer(t *testing.T) {
	for range 300 {
		a, b := rpctest.Pair(t, nil, []rpc.Handler{lookup.Handle(func(_ context.Context, name string) (int, error) { return len(name), nil })})
		var wg sync.WaitGroup
		started := make(chan struct{}, 8)
		for range 8 {
			wg.Go(func() {
				started <- struct{}{}
				if _, err := lookup.Call(t.Context(), a, "x"); err != nil {
					t.Error(err)
				}
			})
		}
		for range 8 {
			<-started
		}
		if err := b.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := a.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
