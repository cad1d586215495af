package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// The messages that carry bytes, as an end has them that borrows, and as the other one has them.
const (
	mirror     rpc.Method[[]byte, []byte]             = "test.mirror"
	mirrorLent rpc.Method[rpc.Borrowed, rpc.Borrowed] = "test.mirror"
	askLent    rpc.Query[rpc.Borrowed, rpc.Borrowed]  = "test.ask"
	feed       rpc.Stream[int, []byte]                = "test.feed"
	feedLent   rpc.Stream[int, rpc.Borrowed]          = "test.feed"
	pour       rpc.Upload[[]byte, int]                = "test.pour"
	pourLent   rpc.Upload[rpc.Borrowed, int]          = "test.pour"
)

const largeItem = 200 << 10

// itemNo are bytes that tell which item they are.
func itemNo(buf []byte, n int) []byte {
	for i := range buf {
		buf[i] = byte(n)
	}
	return buf
}

func isItemNo(b []byte, n, size int) bool {
	return len(b) == size && bytes.Count(b, []byte{byte(n)}) == size
}

// countItems checks that items are those that were sent, and counts them.
func countItems[B ~[]byte](items iter.Seq2[B, error]) (n int, err error) {
	for item, err := range items {
		if err != nil {
			return n, err
		}
		if !isItemNo(item, n, largeItem) {
			return n, errors.New("it is another item, or half of one")
		}
		n++
	}
	return n, nil
}

// reused yields one buffer again and again.
func reused(n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		buf := make([]byte, largeItem)
		for i := range n {
			if !yield(itemNo(buf, i)) {
				return
			}
		}
	}
}

func lending() rpc.Options {
	return rpc.Options{Handlers: rpc.NewMux(
		mirrorLent.Handle(func(_ context.Context, b rpc.Borrowed) (rpc.Borrowed, error) { slices.Reverse(b); return b, nil }),
		askLent.Handle(func(_ context.Context, b rpc.Borrowed) (rpc.Borrowed, error) { return b[1:], nil }),
		feed.Handle(func(_ context.Context, n int, send func([]byte) error) error {
			for item := range reused(n) {
				if err := send(item); err != nil {
					return err
				}
			}
			return nil
		}),
		pourLent.Handle(func(_ context.Context, items iter.Seq2[rpc.Borrowed, error]) (int, error) { return countItems(items) }),
	)}
}

// lendingPairs are connections whose one end borrows, in every way that bytes travel.
func lendingPairs(t *testing.T) map[string]*rpc.Conn {
	t.Helper()
	noop := func(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) { return nil, nil }
	near := rpc.Options{PeerHandles: lending().Handlers.Uses()}
	all := map[string]*rpc.Conn{}
	all["in memory"], _ = rpctest.PairWith(t, near, lending())
	far := lending()
	far.Middleware = []rpc.Middleware{noop}
	all["middleware at the callee"], _ = rpctest.PairWith(t, near, far)
	seen := near
	seen.Middleware = []rpc.Middleware{noop}
	all["middleware at the caller"], _ = rpctest.PairWith(t, seen, lending())
	near.Serializer, far = codec.JsonSerializer{}, lending()
	far.Serializer = codec.JsonSerializer{}
	all["json"], _ = rpctest.PairWith(t, near, far)
	left, right := unixPair(t)
	a, b := rpc.NewConn(context.Background(), left, rpc.Options{}), rpc.NewConn(context.Background(), right, lending())
	t.Cleanup(func() { a.Close(); b.Close() })
	all["socket"] = a
	return all
}

func TestBorrowedBytesAreTheSameAsBytesInEveryKindOfMessage(t *testing.T) {
	for name, c := range lendingPairs(t) {
		t.Run(name, func(t *testing.T) {
			if got, err := mirror.Call(t.Context(), c, []byte("abc")); err != nil || string(got) != "cba" {
				t.Errorf("%q, %v", got, err)
			}
			large := bytes.Repeat([]byte("ab"), 100<<10)
			got, err := mirrorLent.Call(t.Context(), c, large)
			if err != nil || !bytes.Equal(got, bytes.Repeat([]byte("ba"), 100<<10)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if err := askLent.CallFunc(t.Context(), c, large, func(b rpc.Borrowed) error {
				if !bytes.Equal(b, large[1:]) {
					t.Errorf("%d bytes, begins %q", len(b), b[:10])
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(got, bytes.Repeat([]byte("ba"), 100<<10)) {
				t.Error("the reply of Call has changed")
			}
			if n, err := countItems(feedLent.Open(t.Context(), c, 30)); n != 30 || err != nil {
				t.Errorf("%d items, %v", n, err)
			}
			if n, err := countItems(feed.Open(t.Context(), c, 30)); n != 30 || err != nil {
				t.Errorf("%d items, %v", n, err)
			}
			if n, err := pour.Call(t.Context(), c, rpc.Items(reused(30))); n != 30 || err != nil {
				t.Errorf("%d items, %v", n, err)
			}
		})
	}
}

func TestTheErrorOfTheFunctionOfCallFuncIsReturnedAsItIs(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{}, lending())
	own := errors.New("of the function")
	if err := mirrorLent.CallFunc(t.Context(), a, nil, func(rpc.Borrowed) error { return own }); err != own {
		t.Error(err)
	}
	const none rpc.Method[rpc.Borrowed, rpc.Borrowed] = "test.none"
	called := false
	if err := none.CallFunc(t.Context(), a, nil, func(rpc.Borrowed) error { called = true; return nil }); !errors.Is(err, rpc.Unimplemented) || called {
		t.Errorf("%v, called %v", err, called)
	}
}

func TestWhatIsBorrowedIsNotAllocated(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	left, right := unixPair(t)
	a, b := rpc.NewConn(context.Background(), left, rpc.Options{}), rpc.NewConn(context.Background(), right, lending())
	defer b.Close()
	defer a.Close()
	const items = 1000
	if _, err := mirror.Call(t.Context(), a, make([]byte, 1<<20)); err != nil { // its buffers are none for what follows
		t.Fatal(err)
	}
	for name, carry := range map[string]func() (int, error){
		"to the caller": func() (int, error) { return countItems(feedLent.Open(t.Context(), a, items)) },
		"to the callee": func() (int, error) { return pour.Call(t.Context(), a, rpc.Items(reused(items))) },
		"both ways": func() (n int, err error) {
			payload := make([]byte, largeItem)
			for ; n < items && err == nil; n++ {
				err = mirrorLent.CallFunc(t.Context(), a, payload, func(rpc.Borrowed) error { return nil })
			}
			return n, err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := carry()
		runtime.ReadMemStats(&after)
		if n != items || err != nil {
			t.Errorf("%s: %d items, %v", name, n, err)
		}
		// A few buffers, and whatever pools lose in a collection. Owned, they would be as many as items.
		if got := (after.TotalAlloc - before.TotalAlloc) / largeItem; got > items/4 {
			t.Errorf("%s: memory for %d of %d items was allocated", name, got, items)
		}
	}
}

// A frame that the kernel takes a part of is the caller's bytes, still, when the rest follows: what the caller does with them afterwards does not matter.
func TestBytesMayBeChangedOnceTheCallThatSentThemIsGivenUp(t *testing.T) {
	const size = 8 << 20 // no socket takes that at once
	left, right := unixPair(t)
	r := rawOn(t, left, right, rpc.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	payload := itemNo(make([]byte, size), 7)
	over := make(chan error, 1)
	go func() { _, err := mirror.Call(ctx, r.conn, payload); over <- err }()
	if _, err := right.Read(make([]byte, 1)); err != nil { // some of it has been written
		t.Fatal(err)
	}
	cancel()
	if err := <-over; !errors.Is(err, rpc.Canceled) {
		t.Error(err)
	}
	itemNo(payload, 8)
	rest := make([]byte, size)
	for n := 0; n < size; {
		k, err := right.Read(rest[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	if n := bytes.Count(rest, []byte{8}); n > 64 { // the envelope may have some
		t.Errorf("%d bytes that arrived are of what the caller wrote afterwards", n)
	}
}

func TestManySendersOfOneBufferEachSendWhatItWasThen(t *testing.T) {
	left, right := unixPair(t)
	a, b := rpc.NewConn(context.Background(), left, rpc.Options{}), rpc.NewConn(context.Background(), right, lending())
	defer b.Close()
	defer a.Close()
	var all sync.WaitGroup
	for k := range 8 {
		all.Go(func() {
			payload := make([]byte, 90<<10)
			for n := range 50 {
				if err := mirrorLent.CallFunc(t.Context(), a, itemNo(payload, k+n), func(got rpc.Borrowed) error {
					if !isItemNo(got, k+n, len(payload)) {
						t.Errorf("caller %d, call %d: other bytes", k, n)
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
				itemNo(payload, 255)
			}
		})
	}
	all.Wait()
}
