package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// A watcher is a middleware that notes what passes. Its methods may be called concurrently.
type watcher struct {
	mu   sync.Mutex // guards seen
	seen []string
}

func (w *watcher) note(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what := "request"
	switch {
	case m.Item:
		what = "item"
	case m.Reply:
		what = "reply"
	}
	w.seen = append(w.seen, fmt.Sprintf("%s %s %s", d, m.Kind, what))
	return nil, nil
}

func TestMiddlewareSeesEachItemBetweenRequestAndReply(t *testing.T) {
	var here, there watcher
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{here.note}}, rpc.Options{Handlers: rpc.NewMux(flows()...), Middleware: []rpc.Middleware{there.note}})
	if _, err := collect(count.Open(t.Context(), a, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := total.Call(t.Context(), a, numbers(2)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"outgoing stream request", "incoming stream item", "incoming stream item", "incoming stream reply",
		"outgoing upload request", "outgoing upload item", "outgoing upload item", "incoming upload reply"}; !slices.Equal(here.seen, want) {
		t.Errorf("the caller's: %q", here.seen)
	}
	if want := []string{"incoming stream request", "outgoing stream item", "outgoing stream item", "outgoing stream reply",
		"incoming upload request", "incoming upload item", "incoming upload item", "outgoing upload reply"}; !slices.Equal(there.seen, want) {
		t.Errorf("the callee's: %q", there.seen)
	}
}

func TestMiddlewareMayReplaceAnItemOrRefuseIt(t *testing.T) {
	double := func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if !m.Item || d != rpc.Incoming {
			return nil, nil
		}
		var n int
		if err := m.Decode(&n); err != nil {
			return nil, err
		}
		if n == 3 {
			return nil, rpc.Errorf(rpc.Denied, "three is one too many")
		}
		m.Replace(2 * n)
		return nil, nil
	}
	a, _ := rpctest.PairWith(t, rpc.Options{Middleware: []rpc.Middleware{double}}, rpc.Options{Handlers: rpc.NewMux(flows()...)})
	got, err := collect(count.Open(t.Context(), a, 5))
	if !slices.Equal(got, []int{0, 2, 4}) || !errors.Is(err, rpc.Denied) || err.Error() != "middleware (incoming): three is one too many" {
		t.Errorf("%v, %v", got, err)
	}
}
