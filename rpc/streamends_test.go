package rpc_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestAStreamThatWaitsToBeWrittenWhenTheConnectionIsLostGivesItsSlotBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{}) // reads nothing
		results := make(chan error, 50)
		for range cap(results) { // more than the pipe and the outbox hold
			go func() {
				_, err := collect(rpc.Stream[[]byte, int]("flow.bytes").Open(t.Context(), r.conn, make([]byte, 64<<10)))
				results <- err
			}()
		}
		synctest.Wait()
		r.stream.Close()
		for range cap(results) {
			if err := <-results; !errors.Is(err, rpc.Unavailable) {
				t.Errorf("got %v", err)
			}
		}
		synctest.Wait()
		nothingLeft(t, r.conn)
	})
}

func TestTheLastReportOfAnUploadAndOfAStreamArrivesThoughTheHandlerReturnsAtOnce(t *testing.T) {
	report := func(ctx context.Context) { rpc.Report(ctx, rpc.Progress{Done: 9}) }
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{
		count.Handle(func(ctx context.Context, _ int, _ func(int) error) error { report(ctx); return nil }),
		total.Handle(func(ctx context.Context, _ iter.Seq2[int, error]) (int, error) { report(ctx); return 0, nil }),
	})
	for range 500 {
		var down, up []rpc.Progress
		_, err := collect(count.Open(seeing(t.Context(), &down), a, 0))
		_, err2 := total.Call(seeing(t.Context(), &up), a, numbers(1))
		if want := []rpc.Progress{{Done: 9}}; err != nil || err2 != nil || !slices.Equal(down, want) || !slices.Equal(up, want) {
			t.Fatalf("of the stream %v, %v; of the upload %v, %v", down, err, up, err2)
		}
	}
}

func TestItemsBehindCloseSendFailAloneAndASecondCloseSendSaysNothingNew(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, flows())
	x, err := upper.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := errors.Join(x.Send("ada"), x.CloseSend(), x.CloseSend()); err != nil {
		t.Fatal(err)
	}
	if err := x.Send("grace"); err != io.EOF && !errors.Is(err, rpc.Invalid) {
		t.Errorf("Send behind CloseSend: %v", err)
	}
	if got, err := collect(x.Items()); !slices.Equal(got, []string{"ADA"}) || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := collect(count.Open(t.Context(), a, 3)); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestARequestWithMoreCreditThanMayBeGivenEndsTheConnection(t *testing.T) {
	for _, f := range []wire.Frame{opening(1, "flow.count", rpc.KindStream, 1<<53, 1), opening(1, "flow.count", rpc.KindStream, 1, 1<<64-1)} {
		synctest.Test(t, func(t *testing.T) {
			r := rawPeer(t, handling(flows()...))
			r.send(f, 1)
			synctest.Wait()
			if err := r.conn.Err(); !errors.Is(err, rpc.Protocol) {
				t.Errorf("%+v: %v", f.Meta, err)
			}
		})
	}
}

func TestNoCreditIsGivenForAStreamThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{StreamItems: 2})
		f, err := r.conn.Open(t.Context(), &rpc.Message{Kind: rpc.KindStream, Type: string(count)})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r.takes(wire.Request)
		for _, k := range []wire.Kind{wire.Item, wire.Item, wire.End} {
			r.send(of(k, 1), nil)
		}
		synctest.Wait()
		var n int
		if err := errors.Join(f.Recv(&n), f.Recv(&n)); err != nil {
			t.Fatal(err)
		}
		if err := f.Recv(&n); err != io.EOF {
			t.Fatal(err)
		}
		r.send(wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 1}}, nil)
		r.takes(wire.Pong)
	})
}
