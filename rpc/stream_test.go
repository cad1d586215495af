package rpc_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	count rpc.Stream[int, int]       = "flow.count" // 0 to n-1; n < 0: without end
	total rpc.Upload[int, int]       = "flow.total" // of the items
	upper rpc.Duplex[string, string] = "flow.upper" // each item in capitals
)

func counted(_ context.Context, n int, send func(int) error) error {
	for i := 0; i != n; i++ {
		if err := send(i); err != nil {
			return err
		}
	}
	return nil
}

func summed(_ context.Context, items iter.Seq2[int, error]) (sum int, err error) {
	for n, err := range items {
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func uppercase(_ context.Context, items iter.Seq2[string, error], send func(string) error) error {
	for s, err := range items {
		if err != nil {
			return err
		}
		if err := send(strings.ToUpper(s)); err != nil {
			return err
		}
	}
	return nil
}

func flows() []rpc.Handler {
	return []rpc.Handler{count.Handle(counted), total.Handle(summed), upper.Handle(uppercase)}
}

// numbers yields 0 to n-1.
func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

// collect reads a stream to its end.
func collect[T any](items iter.Seq2[T, error]) (all []T, err error) {
	for item, err := range items {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

func TestStreamsArriveInOrderWithEachSerializerAndInEitherDirection(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		t.Run(s.Name(), func(t *testing.T) {
			opt := rpc.Options{Serializer: s, Handlers: rpc.NewMux(flows()...)}
			a, b := rpctest.PairWith(t, opt, opt)
			for _, p := range []rpc.Peer{a, b} {
				got, err := collect(count.Open(t.Context(), p, 2000))
				if err != nil || !slices.IsSorted(got) || len(got) != 2000 {
					t.Errorf("stream: %d items, sorted: %v, %v", len(got), slices.IsSorted(got), err)
				}
				sum, err := total.Call(t.Context(), p, numbers(2000))
				if err != nil || sum != 1999*1000 {
					t.Errorf("upload: %d, %v", sum, err)
				}
				exchangeWords(t, p)
			}
		})
	}
}

func exchangeWords(t *testing.T, p rpc.Peer) {
	t.Helper()
	x, err := upper.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	next, stop := iter.Pull2(x.Items())
	defer stop()
	for _, word := range []string{"ada", "grace", ""} {
		if err := x.Send(word); err != nil {
			t.Fatal(err)
		}
		if got, err, ok := next(); got != strings.ToUpper(word) || err != nil || !ok {
			t.Fatalf("sent %q, got %q, %v, %v", word, got, err, ok)
		}
	}
	if err := x.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if got, err, ok := next(); ok {
		t.Fatalf("after the last item: %q, %v", got, err)
	}
	if err := x.Send("late"); err != io.EOF {
		t.Errorf("Send on a call that is over: %v, expected io.EOF", err)
	}
}

func TestLeavingTheLoopEndsTheHandlersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		a, b := rpctest.Pair(t, nil, []rpc.Handler{count.Handle(func(ctx context.Context, n int, send func(int) error) error {
			err := counted(ctx, -1, send)
			ended <- err
			return err
		})})
		for n, err := range count.Open(t.Context(), a, -1) {
			if err != nil {
				t.Fatal(err)
			}
			if n == 5 {
				break
			}
		}
		if err := <-ended; !errors.Is(err, rpc.Canceled) {
			t.Errorf("the handler's send: %v, expected Canceled", err)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

// nothingLeft fails the test if an end still holds a call.
func nothingLeft(t testing.TB, ends ...*rpc.Conn) {
	t.Helper()
	for i, c := range ends {
		if s := c.Stats(); s.Pending != 0 || s.Serving != 0 || s.Streams != 0 {
			t.Errorf("end %d holds %+v", i, s)
		}
	}
}

func TestACancelledContextEndsAStreamWhoseLoopIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		a, b := rpctest.Pair(t, nil, []rpc.Handler{count.Handle(func(ctx context.Context, n int, send func(int) error) error {
			<-ctx.Done()
			ended <- send(1)
			return nil
		})})
		ctx, cancel := context.WithCancel(t.Context())
		x := make(chan error, 1)
		go func() {
			_, err := collect(count.Open(ctx, a, -1))
			x <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-x; !errors.Is(err, context.Canceled) {
			t.Errorf("the loop got %v", err)
		}
		if err := <-ended; !errors.Is(err, rpc.Canceled) {
			t.Errorf("the handler's send: %v", err)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestASlowReaderStopsItsOwnSenderAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		a, _ := rpctest.PairWith(t, rpc.Options{StreamItems: 10}, rpc.Options{Handlers: rpc.NewMux(append(flows()[1:], count.Handle(
			func(ctx context.Context, n int, send func(int) error) error {
				return counted(ctx, n, func(i int) error {
					err := send(i)
					sent++
					return err
				})
			}))...)})
		next, stop := iter.Pull2(count.Open(t.Context(), a, 1000))
		defer stop()
		next()
		synctest.Wait()
		if sent != 10 {
			t.Errorf("%d items were sent to a reader that took one; the window is 10", sent)
		}
		if sum, err := total.Call(t.Context(), a, numbers(1000)); sum != 999*500 || err != nil {
			t.Errorf("beside it, an upload: %d, %v", sum, err)
		}
		for range 5 {
			next()
		}
		synctest.Wait()
		if sent != 15 {
			t.Errorf("after five more were taken, %d are sent; half of the window is granted at once", sent)
		}
	})
}

func TestBytesOfItemsCountToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		const blobs rpc.Stream[int, []byte] = "flow.blobs"
		a, _ := rpctest.PairWith(t, rpc.Options{StreamBytes: 100 << 10}, rpc.Options{Handlers: rpc.NewMux(blobs.Handle(
			func(ctx context.Context, n int, send func([]byte) error) error {
				for ; sent < 100; sent++ {
					if err := send(make([]byte, 30<<10)); err != nil {
						return err
					}
				}
				return nil
			}))})
		next, stop := iter.Pull2(blobs.Open(t.Context(), a, 0))
		defer stop()
		next()
		synctest.Wait()
		if sent != 4 {
			t.Errorf("%d items of 30 KiB went into a window of 100 KiB; the fourth goes beyond it, a fifth may not", sent)
		}
		for range 99 {
			if _, err, ok := next(); err != nil || !ok {
				t.Fatal(err, ok)
			}
		}
	})
}

func TestAnItemLargerThanTheWindowPasses(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{StreamBytes: 1, StreamItems: 1, Handlers: rpc.NewMux(upper.Handle(uppercase))})
	x, err := upper.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	long := strings.Repeat("x", 1<<20)
	go func() {
		for range 3 {
			_ = x.Send(long)
		}
		_ = x.CloseSend()
	}()
	got, err := collect(x.Items())
	if len(got) != 3 || err != nil || len(got[2]) != len(long) {
		t.Errorf("%d items, %v", len(got), err)
	}
}

func TestAHandlersErrorComesBehindTheItemsThatItSent(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{count.Handle(func(ctx context.Context, n int, send func(int) error) error {
		return errors.Join(counted(ctx, n, send), rpc.Errorf(rpc.NotFound, "no more numbers"))
	})})
	got, err := collect(count.Open(t.Context(), a, 3))
	if len(got) != 3 || !errors.Is(err, rpc.NotFound) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAnUploadThatIsAnsweredEarlyStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := rpctest.Pair(t, nil, []rpc.Handler{total.Handle(func(_ context.Context, items iter.Seq2[int, error]) (int, error) {
			for n, err := range items {
				return n + 100, err
			}
			return 0, nil
		})})
		asked := 0
		got, err := total.Call(t.Context(), a, func(yield func(int, error) bool) {
			for yield(asked, nil) {
				asked++
			}
		})
		if got != 100 || err != nil {
			t.Errorf("%d, %v", got, err)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestAnErrorOfTheItemsEndsTheUploadAndReachesBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := make(chan error, 1)
		a, b := rpctest.Pair(t, nil, []rpc.Handler{total.Handle(func(ctx context.Context, items iter.Seq2[int, error]) (int, error) {
			n, err := summed(ctx, items)
			handler <- err
			return n, err
		})})
		torn := errors.New("the disk is torn")
		_, err := total.Call(t.Context(), a, func(yield func(int, error) bool) {
			_ = yield(1, nil) && yield(0, torn)
		})
		if err != torn {
			t.Errorf("the caller got %v", err)
		}
		if err := <-handler; !errors.Is(err, rpc.Canceled) {
			t.Errorf("the handler got %v", err)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestALostConnectionEndsBothEndsOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := make(chan error, 1)
		a, b := rpctest.Pair(t, nil, []rpc.Handler{count.Handle(func(ctx context.Context, n int, send func(int) error) error {
			err := counted(ctx, -1, send)
			handler <- err
			return err
		})})
		var got error
		for n, err := range count.Open(t.Context(), a, -1) {
			if got = err; n == 700 {
				b.Close()
			}
		}
		if !errors.Is(got, rpc.Unavailable) || rpc.Delivered(got) != rpc.PerhapsDelivered {
			t.Errorf("the caller got %v, delivered: %s", got, rpc.Delivered(got))
		}
		if err := <-handler; err == nil {
			t.Error("the handler went on")
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestStreamsOverTheLimitWaitAndPlainCallsDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := rpctest.PairWith(t, rpc.Options{MaxStreams: 2}, rpc.Options{Handlers: rpc.NewMux(append(flows(), greet.Handle(hello))...)})
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			if _, err := upper.Open(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		third := make(chan error, 1)
		go func() {
			_, err := collect(count.Open(t.Context(), a, 3))
			third <- err
		}()
		synctest.Wait()
		select {
		case err := <-third:
			t.Fatalf("a third stream began beside two: %v", err)
		default:
		}
		if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
			t.Errorf("a plain call: %v", err)
		}
		cancel()
		if err := <-third; err != nil {
			t.Error(err)
		}
	})
}

func TestAStreamToAPeerWithTooManyIsRefusedUnstarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{MaxStreams: 1, Handlers: rpc.NewMux(flows()...)})
		x, err := upper.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		_, err = collect(count.Open(t.Context(), a, 3))
		if !errors.Is(err, rpc.Exhausted) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "limits.streams") {
			t.Errorf("got %v, delivered: %s", err, rpc.Delivered(err))
		}
	})
}

func TestAMessageOfAnotherKindIsRefusedBeforeItIsSent(t *testing.T) {
	const called rpc.Method[int, int] = "flow.count"
	const streamed rpc.Stream[greetRequest, greeting] = "greeter.greet"
	a, _ := rpctest.Pair(t, nil, append(flows(), greet.Handle(hello)))
	if _, err := called.Call(t.Context(), a, 1); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "is a method here and a stream there") {
		t.Errorf("a method for a stream: %v", err)
	}
	if _, err := collect(streamed.Open(t.Context(), a, greetRequest{})); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "is a stream here and a method there") {
		t.Errorf("a stream for a method: %v", err)
	}
}

func TestAnItemOfAnotherShapeIsRefusedBeforeItIsSent(t *testing.T) {
	const narrow rpc.Stream[int, int8] = "flow.count"
	a, _ := rpctest.Pair(t, nil, flows())
	_, err := collect(narrow.Open(t.Context(), a, 1))
	if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "int8 here and int64 there") {
		t.Errorf("%v", err)
	}
}

func TestAnItemThatCannotBeEncodedFailsItsSendAlone(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{MaxFrame: 1000}, rpc.Options{MaxFrame: 1000, Handlers: rpc.NewMux(upper.Handle(uppercase))})
	x, err := upper.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := x.Send(strings.Repeat("x", 2000)); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), "maxFrame") {
		t.Errorf("an item over the limit: %v", err)
	}
	if err := errors.Join(x.Send("a"), x.CloseSend()); err != nil {
		t.Fatal(err)
	}
	if got, err := collect(x.Items()); !slices.Equal(got, []string{"A"}) || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
