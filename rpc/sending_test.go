package rpc_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// waiting yields one item, and then nothing until release is closed.
func waiting(release <-chan struct{}) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			<-release
			yield(2, nil)
		}
	}
}

func TestAnUploadWhoseItemsWaitEndsWithItsCallAllTheSame(t *testing.T) {
	answersEarly := total.Handle(func(_ context.Context, items iter.Seq2[int, error]) (int, error) {
		for range items {
			break
		}
		return 7, nil
	})
	for name, c := range map[string]struct {
		handler rpc.Handler
		end     func(cancel context.CancelFunc, callee *rpc.Conn)
		want    func(int, error) bool
	}{
		"it is answered":      {answersEarly, func(context.CancelFunc, *rpc.Conn) {}, func(n int, err error) bool { return n == 7 && err == nil }},
		"its context ends":    {total.Handle(summed), func(cancel context.CancelFunc, _ *rpc.Conn) { cancel() }, func(_ int, err error) bool { return errors.Is(err, context.Canceled) }},
		"its connection ends": {total.Handle(summed), func(_ context.CancelFunc, callee *rpc.Conn) { callee.Close() }, func(_ int, err error) bool { return errors.Is(err, rpc.Unavailable) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := rpctest.Pair(t, nil, []rpc.Handler{c.handler})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				release := make(chan struct{})
				defer close(release)
				type result struct {
					n   int
					err error
				}
				ended := make(chan result, 1)
				go func() {
					n, err := total.Call(ctx, a, waiting(release))
					ended <- result{n, err}
				}()
				synctest.Wait()
				c.end(cancel, b)
				time.Sleep(time.Second)
				synctest.Wait()
				select {
				case r := <-ended:
					if !c.want(r.n, r.err) {
						t.Errorf("%d, %v", r.n, r.err)
					}
				default:
					t.Error("the call goes on")
				}
			})
		})
	}
}

func TestAPanicOfTheItemsIsOneOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, flows())
		func() {
			defer func() {
				if p := recover(); p != "torn" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, _ = total.Call(t.Context(), a, func(func(int, error) bool) { panic("torn") })
		}()
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestAPanicOfWhoWantsProgressEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
			rpc.Report(ctx, rpc.Progress{Done: 1})
			<-ctx.Done()
			return greeting{}, ctx.Err()
		})})
		func() {
			defer func() { _ = recover() }()
			_, _ = greet.Call(rpc.OnProgress(t.Context(), func(rpc.Progress) { panic("torn") }), a, greetRequest{})
		}()
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestACallThatFindsNoRoomSaysHowMuchOfItAbandonedCallsHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		limits := rpc.Options{MaxInflight: 1, Handlers: rpc.NewMux(stubborn(release))}
		a, _ := rpctest.PairWith(t, limits, limits)
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := greet.Call(ctx, a, greetRequest{})
			cancel()
			if left := a.Stats().Left; left != 1 {
				t.Errorf("%d calls are left", left)
			}
			if err == nil || strings.Contains(err.Error(), "already, 1 of which their callers have given up and their handlers not ended (limits.inflight)") != (rpc.Delivered(err) == rpc.NotDelivered) {
				t.Errorf("%v", err)
			}
		}
	})
}
