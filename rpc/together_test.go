package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// Requests that are written at once are read at once, and may be handled by one goroutine, whose answers are written at once: nobody may tell, but by the clock.

const many = 100

// chain are rendezvous: the handler of n waits for that of n+1.
func chain(t *testing.T) rpc.Handler {
	begun := make([]chan struct{}, many+2)
	for i := range begun {
		begun[i] = make(chan struct{})
	}
	close(begun[many+1])
	return stay.Handle(func(_ context.Context, n int) (int, error) {
		close(begun[n])
		select {
		case <-begun[n+1]:
		case <-t.Context().Done():
		}
		return n, nil
	})
}

// bystanders are handlers of requests that arrive together.
func bystanders() map[string]func(*testing.T) rpc.Handler {
	large := make([]byte, 300<<10)
	return map[string]func(*testing.T) rpc.Handler{
		"that return": func(*testing.T) rpc.Handler {
			return stay.Handle(func(_ context.Context, n int) (int, error) { return n, nil })
		},
		"that wait for the one behind them": chain,
		"that wait for all":                 func(*testing.T) rpc.Handler { return stay.Handle(rendezvous(many)) },
		"that call back": func(*testing.T) rpc.Handler {
			return stay.Handle(func(ctx context.Context, n int) (int, error) {
				got, err := twice.Call(ctx, rpc.Caller(ctx), n)
				return got / 2, err
			})
		},
		"some of which end their goroutine": func(*testing.T) rpc.Handler {
			return stay.Handle(func(_ context.Context, n int) (int, error) {
				if n%3 == 0 {
					runtime.Goexit()
				}
				return n, nil
			})
		},
		"that take long": func(*testing.T) rpc.Handler {
			return stay.Handle(func(_ context.Context, n int) (int, error) {
				for range 100 {
					_ = bytes.Clone(large)
				}
				return n, nil
			})
		},
		"that answer much": func(*testing.T) rpc.Handler {
			const much rpc.Method[int, []byte] = rpc.Method[int, []byte](stay)
			return much.Handle(func(context.Context, int) ([]byte, error) { return large, nil })
		},
	}
}

func TestRequestsThatArriveTogetherAreAllAnsweredByHandlers(t *testing.T) {
	for name, h := range bystanders() {
		t.Run(name, func(t *testing.T) {
			left, right := unixPair(t)
			r := rawOn(t, left, right, handling(h(t)))
			go r.write(requests(r))
			var answered []uint64
			for len(answered) < many {
				switch f := r.next(); f.Kind {
				case wire.Request: // test.twice
					var n int
					if err := r.format.DecodePayload(&f, &n); err != nil {
						t.Fatal(err)
					}
					go r.send(wire.Frame{Kind: wire.Result, Tx: f.Tx}, 2*n)
				default:
					answered = append(answered, f.Tx.N)
				}
			}
			slices.Sort(answered)
			for i, n := range answered {
				if n != uint64(i+1) {
					t.Fatalf("answers to %v", answered)
				}
			}
		})
	}
}

// requests are many frames of calls of test.stay.
func requests(r *raw) (all []byte) {
	for n := range many {
		all = append(all, r.frame(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: uint64(n + 1)}, Type: string(stay)}, n+1)...)
	}
	return all
}

// rendezvous is a handler that returns once n of it run.
func rendezvous(n int) func(context.Context, int) (int, error) {
	var all sync.WaitGroup
	all.Add(n)
	return func(_ context.Context, v int) (int, error) {
		all.Done()
		all.Wait()
		return v, nil
	}
}

func TestWhatIsHandledTogetherEndsWithTheConnection(t *testing.T) {
	left, right := unixPair(t)
	begun, ended := make(chan int, many), make(chan error, many)
	r := rawOn(t, left, right, handling(stay.Handle(func(ctx context.Context, n int) (int, error) {
		begun <- n
		<-ctx.Done()
		ended <- ctx.Err()
		return 0, nil
	})))
	r.write(requests(r))
	for range many {
		<-begun
	}
	right.Close()
	for range many {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
