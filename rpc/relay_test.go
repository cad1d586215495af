package rpc_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// relayed returns a peer that sends flows and greet on to one that handles them, and both ends of both connections.
func relayed(t testing.TB, handlers ...rpc.Handler) (rpc.Peer, []*rpc.Conn) {
	t.Helper()
	next, served := rpctest.Pair(t, nil, handlers)
	to := func(context.Context) (rpc.Peer, error) { return next, nil }
	first, middle := rpctest.Pair(t, nil, []rpc.Handler{count.Relay(to), total.Relay(to), upper.Relay(to), greet.Relay(to), lookup.Relay(to), wave.Relay(to)})
	return first, []*rpc.Conn{first, middle, next, served}
}

func TestEveryKindOfMessageCanBeRelayed(t *testing.T) {
	waved := make(chan int, 1)
	p, _ := relayed(t, append(flows(), greet.Handle(hello),
		lookup.Handle(func(_ context.Context, s string) (int, error) { return len(s), nil }),
		wave.Handle(func(_ context.Context, n int) error { waved <- n; return nil }))...)
	if got, err := collect(count.Open(t.Context(), p, 1000)); len(got) != 1000 || err != nil {
		t.Errorf("stream: %d items, %v", len(got), err)
	}
	if got, err := total.Call(t.Context(), p, numbers(1000)); got != 999*500 || err != nil {
		t.Errorf("upload: %d, %v", got, err)
	}
	exchangeWords(t, p)
	if got, err := greet.Call(t.Context(), p, greetRequest{Name: "Ada"}); got.Text != "Hello, Ada" || err != nil {
		t.Errorf("method: %v, %v", got, err)
	}
	if got, err := lookup.Call(t.Context(), p, "abc"); got != 3 || err != nil {
		t.Errorf("query: %v, %v", got, err)
	}
	if err := wave.Send(t.Context(), p, 7); err != nil || <-waved != 7 {
		t.Errorf("notice: %v", err)
	}
}

func TestARelayCarriesTheEndOfEitherSideToTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		p, ends := relayed(t,
			count.Handle(func(ctx context.Context, _ int, send func(int) error) error {
				err := counted(ctx, -1, send)
				ended <- err
				return err
			}),
			upper.Handle(func(_ context.Context, _ iter.Seq2[string, error], _ func(string) error) error {
				return rpc.Errorf(rpc.Denied, "no")
			}))
		for n := range count.Open(t.Context(), p, -1) {
			if n == 3 {
				break
			}
		}
		if err := <-ended; !errors.Is(err, rpc.Canceled) {
			t.Errorf("the far handler: %v", err)
		}
		x, err := upper.Open(t.Context(), p) // and sends nothing: the callee ends it
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect(x.Items()); !errors.Is(err, rpc.Denied) {
			t.Errorf("the caller: %v", err)
		}
		x.Close()
		synctest.Wait()
		nothingLeft(t, ends...)
	})
}
