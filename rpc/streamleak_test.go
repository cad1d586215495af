package rpc_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// The ways in which a handler of these may end, by what its caller asks for.
const (
	toTheEnd = iota
	withError
	withPanic
	early
	onlyWithItsContext
	ways
)

func endingStream(ctx context.Context, way int, send func(int) error) error {
	if err := counted(ctx, 3, send); err != nil {
		return err
	}
	switch way {
	case withError:
		return rpc.Errorf(rpc.Conflict, "as asked")
	case withPanic:
		panic("as asked")
	case onlyWithItsContext:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// endingUpload takes what its first item says as the way to end.
func endingUpload(ctx context.Context, items iter.Seq2[int, error]) (sum int, err error) {
	next, stop := iter.Pull2(items)
	defer stop()
	way, err, _ := next()
	if err != nil || way == early {
		return 0, err
	}
	for n, err, more := next(); more; n, err, more = next() {
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, endingStream(ctx, way, func(int) error { return nil })
}

func endingDuplex(ctx context.Context, items iter.Seq2[int, error], send func(int) error) error {
	for way, err := range items {
		if err != nil {
			return err
		}
		if err := endingStream(ctx, way, send); err != nil {
			return err
		}
	}
	return nil
}

const talk rpc.Duplex[int, int] = "flow.talk"

func ending() []rpc.Handler {
	return []rpc.Handler{count.Handle(endingStream), total.Handle(endingUpload), talk.Handle(endingDuplex)}
}

// oneFlow opens one call with streams and has it end in one of all possible ways. Its errors are of no interest: that it ends is.
func oneFlow(ctx context.Context, p rpc.Peer, r *rand.Rand) {
	switch r.IntN(4) {
	case 0:
		ended, cancel := context.WithCancel(ctx)
		defer cancel()
		time.AfterFunc(time.Duration(r.IntN(3))*time.Millisecond, cancel)
		ctx = ended
	case 1:
		soon, cancel := context.WithTimeout(ctx, time.Duration(1+r.IntN(3))*time.Millisecond)
		defer cancel()
		ctx = soon
	default:
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		ctx = soon
	}
	way, leave := r.IntN(ways), r.IntN(6)
	switch r.IntN(4) {
	case 0:
		for n := range count.Open(ctx, p, way) {
			if n == leave {
				break
			}
		}
	case 1:
		_, _ = total.Call(ctx, p, func(yield func(int, error) bool) {
			for i := range 5 {
				if i == leave {
					yield(0, errors.New("no more"))
					return
				}
				if !yield(way, nil) {
					return
				}
			}
		})
	case 2:
		x, err := talk.Open(ctx, p)
		if err != nil {
			return
		}
		defer x.Close()
		go func() { _ = errors.Join(x.Send(way), x.Send(toTheEnd), x.CloseSend()) }()
		for n := range x.Items() {
			if n == leave {
				break
			}
		}
	case 3: // refused: unknown, and of another kind
		_, _ = collect(rpc.Stream[int, int]("flow.unknown").Open(ctx, p, 1))
		_, _ = collect(rpc.Stream[int, int](total).Open(ctx, p, 1))
	}
}

// goroutines counts those of this test's bubble, and those of them that wait to run a handler: what earlier tests left to end is none of it.
func goroutines() (n, idle int, stacks string) {
	buf := make([]byte, 1<<20)
	stacks = string(buf[:runtime.Stack(buf, true)])
	for _, stack := range strings.Split(stacks, "\n\n") {
		if !strings.Contains(stack, ", synctest bubble") {
			continue
		}
		n++
		if strings.Contains(stack, "rpc.(*crew).work") && !strings.Contains(stack, "rpc.(*inbound).handle") {
			idle++
		}
	}
	return n, idle, stacks
}

func TestTenThousandStreamsThatEndInEveryPossibleWayLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		a, b := rpctest.PairWith(t, rpc.Options{MaxStreams: 4, PeerHandles: []rpc.Use{{Name: "flow.count"}, {Name: "flow.total"}, {Name: "flow.talk"}, {Name: "flow.unknown"}}, Observe: func(rpc.Observation) { calls.Add(1) }},
			rpc.Options{Handlers: rpc.NewMux(ending()...)})
		seed := uint64(20261125)
		r := rand.New(rand.NewPCG(seed, seed))
		oneFlow(t.Context(), a, r)
		synctest.Wait()
		before, idle, _ := goroutines()
		for range 10_000 {
			oneFlow(t.Context(), a, r)
		}
		time.Sleep(time.Minute) // every context has ended
		synctest.Wait()
		if after, now, stacks := goroutines(); after-now != before-idle {
			t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks)
		}
		nothingLeft(t, a, b)
		if a.Err() != nil || calls.Load() < 10_000 {
			t.Errorf("%d calls were observed to end; the connection: %v", calls.Load(), a.Err())
		}
	})
}
