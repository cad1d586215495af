package rpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// unhurried is more than anything here takes: past it something waits for a frame that does not come.
const unhurried = 5 * time.Second

// lines is a raw peer that speaks JSON over a socket.
func lines(t *testing.T, opt rpc.Options) *raw {
	t.Helper()
	left, right := unixPair(t)
	opt.Serializer = codec.JsonSerializer{}
	r := rawOn(t, left, right, opt)
	_ = right.SetDeadline(time.Now().Add(unhurried))
	return r
}

func TestARequestInFrontOfEmptyLinesIsHandledAtOnce(t *testing.T) {
	for _, empty := range []string{"\n", "\r\n", "\n\r\n\n"} {
		t.Run("", func(t *testing.T) {
			r := lines(t, handling(twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil })))
			r.write(append(r.frame(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(twice)}, 4), empty...))
			if f := r.next(); f.Kind != wire.Result {
				t.Errorf("with %q behind it, it got a %s", empty, f.Kind)
			}
		})
	}
}

// reading is a call from r's other end that reads for all, and its request.
func reading(ctx context.Context, r *raw) (over chan error, request wire.Frame) {
	over = make(chan error, 2)
	call := func() {
		_, err := twice.Call(ctx, r.conn, 1)
		over <- err
	}
	go call()
	r.send(wire.Frame{Kind: wire.Result, Tx: r.next().Tx}, 2)
	<-over // the turn to read is free now
	go call()
	return over, r.next()
}

func endsSoon(t *testing.T, over <-chan error, want error) {
	t.Helper()
	select {
	case err := <-over:
		if !errors.Is(err, want) {
			t.Errorf("the call ended with %v, not %v", err, want)
		}
	case <-time.After(unhurried):
		t.Error("the call has not ended")
	}
}

func TestAReplyInFrontOfEmptyLinesReachesItsCallerAtOnce(t *testing.T) {
	r := lines(t, rpc.Options{})
	over, f := reading(t.Context(), r)
	r.write(append(r.frame(wire.Frame{Kind: wire.Result, Tx: f.Tx}, 2), "\r\n\n"...))
	endsSoon(t, over, nil)
}

func TestACallThatHasReadAnEmptyLineEndsWithItsContext(t *testing.T) {
	r := lines(t, handling(twice.Handle(func(_ context.Context, n int) (int, error) { return 2 * n, nil })))
	ctx, cancel := context.WithCancel(t.Context())
	over, _ := reading(ctx, r)
	r.write(append(r.frame(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(twice)}, 4), "\r\n\n"...))
	r.next() // the call has read the request, and what follows
	cancel()
	endsSoon(t, over, rpc.Canceled)
}
