package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestAwaitNoticesReturnsWhenThoseSentBeforeAreHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const told rpc.Notice[int] = "quiet.told"
		step := make(chan struct{})
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{told.Handle(func(context.Context, int) error { <-step; return nil })})
		for i := range 3 {
			if err := told.Send(t.Context(), a, i); err != nil {
				t.Fatal(err)
			}
		}
		handled := make(chan error, 1)
		go func() { handled <- a.AwaitNotices(t.Context()) }()
		for range 3 {
			select {
			case err := <-handled:
				t.Fatalf("returned before the third was handled: %v", err)
			default:
			}
			step <- struct{}{}
			synctest.Wait()
		}
		if err := <-handled; err != nil {
			t.Error(err)
		}
		if err := told.Send(t.Context(), a, 3); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.AwaitNotices(ctx); !errors.Is(err, context.Canceled) || err.Error() != "1 notices have not been handled: context canceled" {
			t.Errorf("with one that is not: %v", err)
		}
		step <- struct{}{}
	})
}

func TestStreamsThatCancelCallsEndsAreMovedAndMayBeOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, flows())
		x, err := upper.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		synctest.Wait()
		a.CancelCalls(rpc.Moved, "its plugin was replaced")
		_, err = collect(x.Items())
		if !errors.Is(err, rpc.Moved) || !strings.Contains(err.Error(), "its plugin was replaced: open it again") || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%v, delivered: %s", err, rpc.Delivered(err))
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestStreamsAreMovedWithoutTheCallsBesideThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow rpc.Method[int, int] = "quiet.slow"
		release := make(chan struct{})
		a, b := rpctest.Pair(t, flows(), append(flows(), slow.Handle(func(_ context.Context, n int) (int, error) { <-release; return n, nil })))
		answered := make(chan error, 1)
		go func() {
			_, err := slow.Call(t.Context(), a, 1)
			answered <- err
		}()
		x, err := upper.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		y, err := upper.Open(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		defer y.Close()
		synctest.Wait()
		a.MoveStreams("its plugin was replaced")
		if _, err = collect(x.Items()); !errors.Is(err, rpc.Moved) || !strings.Contains(err.Error(), "its plugin was replaced: open it again") {
			t.Errorf("a stream from here: %v", err)
		}
		if _, err = collect(y.Items()); err == nil {
			t.Error("a stream of the peer ended without an error")
		}
		close(release)
		if err := <-answered; err != nil {
			t.Errorf("a call beside them: %v", err)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestAHandlersDeadlineIsTheRemainingTimeWhateverTheCallersClockSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan time.Duration, 1)
		r := rawPeer(t, handling(greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			return greeting{}, nil
		})))
		time.Sleep(1000 * time.Hour) // this end's clock has nothing to do with the peer's, whose only word on time is how much is left
		r.send(wire.Frame{Kind: wire.Request, Type: "greeter.greet", Tx: wire.Tx{N: 1}, Meta: wire.Meta{Deadline: 1500}}, greetRequest{})
		if got := <-left; got != 1500*time.Millisecond {
			t.Errorf("the handler has %s", got)
		}
	})
}

func TestStatsSayForHowLongTheOldestCallHasWaited(t *testing.T) {
	for what, timeout := range map[string]time.Duration{"with a call time-out": time.Minute, "without": 0} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const slow rpc.Method[int, int] = "quiet.slow"
				release := make(chan struct{})
				a, _ := rpctest.PairWith(t, rpc.Options{CallTimeout: timeout}, rpc.Options{Handlers: rpc.NewMux(slow.Handle(func(context.Context, int) (int, error) { <-release; return 0, nil }))})
				for range 2 {
					go func() { _, _ = slow.Call(t.Context(), a, 1) }()
					time.Sleep(3 * time.Second)
				}
				if got := a.Stats().Oldest; got != 6*time.Second {
					t.Errorf("%s, want 6s", got)
				}
				close(release)
				synctest.Wait()
				if got := a.Stats().Oldest; got != 0 {
					t.Errorf("with none: %s", got)
				}
			})
		})
	}
}

func TestASenderCanAskHowManyNoticesAreNotHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const told rpc.Notice[int] = "quiet.told"
		release := make(chan struct{})
		a, _ := rpctest.Pair(t, nil, []rpc.Handler{told.Handle(func(context.Context, int) error { <-release; return nil })})
		for i := range 3 {
			if err := told.Send(t.Context(), a, i); err != nil {
				t.Fatal(err)
			}
		}
		if n, known := rpc.Unhandled(a); n != 3 || !known {
			t.Errorf("%d, %v", n, known)
		}
		close(release)
		synctest.Wait()
		if n, known := rpc.Unhandled(a); n != 0 || !known {
			t.Errorf("%d, %v", n, known)
		}
		if _, known := rpc.Unhandled(instant{}); known {
			t.Error("a peer that does not count says that it does")
		}
	})
}
