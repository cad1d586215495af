package rpc_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const meet rpc.Method[int, int] = "test.meet"

// meeting is a handler that answers once as many as n calls are in it.
func meeting(n int) rpc.Handler {
	var mu sync.Mutex // guards all below
	here, all := 0, make(chan struct{})
	return meet.Handle(func(_ context.Context, v int) (int, error) {
		mu.Lock()
		mine := all
		if here++; here == n {
			close(all)
			here, all = 0, make(chan struct{})
		}
		mu.Unlock()
		<-mine
		if v%10 == 9 {
			runtime.Goexit()
		}
		return v, nil
	})
}

func TestHandlersThatWaitForEachOtherAllRunAndLeaveFewGoroutines(t *testing.T) {
	const callers, rounds, kept = 200, 5, 8
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, []rpc.Handler{meeting(callers)})
		before, idle, _ := goroutines()
		for range rounds {
			var all sync.WaitGroup
			for v := range callers {
				all.Go(func() {
					got, err := meet.Call(t.Context(), a, v)
					if gone := v%10 == 9; gone != errors.Is(err, rpc.Internal) || !gone && (err != nil || got != v) {
						t.Errorf("%d: %d, %v", v, got, err)
					}
				})
			}
			all.Wait()
		}
		synctest.Wait()
		if after, now, stacks := goroutines(); now > kept || after-now != before-idle {
			t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks)
		}
		b.Close()
		a.Close()
		synctest.Wait()
		if after, _, stacks := goroutines(); after >= before {
			t.Errorf("%d goroutines before, %d after the connection\n%s", before, after, stacks)
		}
	})
}
