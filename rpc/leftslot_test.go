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

// stubborn is a handler that goes on after its context has ended, until release is closed.
func stubborn(release <-chan struct{}) rpc.Handler {
	return greet.Handle(func(context.Context, greetRequest) (greeting, error) {
		<-release
		return greeting{}, nil
	})
}

func TestACallThatWasLeftKeepsItsPlaceUntilItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		limits := rpc.Options{MaxInflight: 1, Handlers: rpc.NewMux(stubborn(release))}
		a, b := rpctest.PairWith(t, limits, limits)
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, err := greet.Call(ctx, a, greetRequest{}); first <- err }()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Fatalf("the call that was left: %v", err)
		}
		second := make(chan error, 1)
		go func() { _, err := greet.Call(t.Context(), a, greetRequest{}); second <- err }()
		synctest.Wait()
		select {
		case err := <-second:
			t.Fatalf("a second call did not wait for the answer to the first: %v", err)
		default:
		}
		close(release)
		if err := <-second; err != nil {
			t.Errorf("the second call: %v", err)
		}
		if refused := b.Stats().Refused; refused != 0 {
			t.Errorf("%d calls were refused by a peer whose limit the caller kept", refused)
		}
		synctest.Wait()
		nothingLeft(t, a, b)
	})
}

func TestStreamsThatAreLeftAtOnceAreNeverRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := rpc.Options{MaxStreams: 2, Handlers: rpc.NewMux(count.Handle(func(ctx context.Context, n int, send func(int) error) error {
			err := counted(ctx, n, send)
			time.Sleep(time.Second) // after the caller has left
			return err
		}))}
		a, b := rpctest.PairWith(t, limits, limits)
		for range 20 {
			for _, err := range count.Open(t.Context(), a, -1) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		time.Sleep(2 * time.Second)
		nothingLeft(t, a, b)
		if refused := b.Stats().Refused; refused != 0 {
			t.Errorf("%d streams were refused by a peer whose limit the caller kept", refused)
		}
	})
}

func TestACallThatWaitsForRoomWhenCallsAreCancelledNeverLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{})
		large := greetRequest{Name: strings.Repeat("x", 2<<20)}
		var results []chan error
		for range 3 { // one is written to a peer that does not read, one is queued, one waits for room
			got := make(chan error, 1)
			results = append(results, got)
			go func() { _, err := greet.Call(t.Context(), r.conn, large); got <- err }()
			synctest.Wait()
		}
		r.conn.CancelCalls(rpc.Unavailable, "the host stops")
		for i, want := range []rpc.Delivery{rpc.PerhapsDelivered, rpc.NotDelivered, rpc.NotDelivered} {
			if err := <-results[i]; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != want {
				t.Errorf("call %d: %v, delivered: %s; expected %s", i+1, err, rpc.Delivered(err), want)
			}
		}
		if f := r.next(); f.Kind != wire.Request {
			t.Errorf("first came a %s", f.Kind)
		}
		if f := r.next(); f.Kind != wire.Cancel {
			t.Errorf("then a %s, expected its cancel", f.Kind)
		}
		r.alive() // fails on a request, too: it would not be a pong's
	})
}

func TestTheWrongEndOfAFlowSaysSo(t *testing.T) {
	a, _ := rpctest.Pair(t, nil, flows())
	down, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindStream, Type: string(count), Payload: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer down.Close()
	up, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindUpload, Type: string(total)})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	if err := down.Send(1); !errors.Is(err, rpc.Invalid) || err.Error() != "flow.count: Send on a stream, whose caller sends no items" {
		t.Errorf("Send on a stream: %v", err)
	}
	if err := up.Recv(new(int)); !errors.Is(err, rpc.Invalid) || err.Error() != "flow.total: Recv on an upload, which is answered with one reply: take it with Result" {
		t.Errorf("Recv on an upload: %v", err)
	}
}
