package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

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
