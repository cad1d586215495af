package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestAnAnswerThatPassesOnALostCallIsToldFromALostCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, farther := rpctest.Pair(t, nil, []rpc.Handler{lookup.Handle(func(context.Context, string) (int, error) { return 0, nil })})
		farther.Close()
		_, lost := lookup.Call(t.Context(), far, "")
		if e := asError(t, lost); e.Origin != rpc.FromTransport || e.Code != rpc.Unavailable {
			t.Fatalf("the lost call: %+v", e)
		}
		passOn := func(context.Context, greetRequest) (greeting, error) {
			_, err := lookup.Call(t.Context(), far, "")
			return greeting{}, err
		}
		for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
			a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, Side: rpc.FromHost}, rpc.Options{Serializer: s, Side: rpc.FromPlugin, Handlers: rpc.NewMux(greet.Handle(passOn))})
			_, err := greet.Call(t.Context(), a, greetRequest{})
			e := asError(t, err)
			if e.Origin != rpc.FromPlugin || e.Code != rpc.Unavailable || e.Message != lost.Error() || rpc.Delivered(err) != rpc.PerhapsDelivered {
				t.Errorf("%s: got %+v, delivered %s", s.Name(), e, rpc.Delivered(err))
			}
			if e.Cause == nil || e.Cause.Origin != rpc.FromTransport || e.Cause.Message != lost.Error() {
				t.Errorf("%s: its cause is %+v, expected the lost call's error", s.Name(), e.Cause)
			}
		}
	})
}

func TestAnAnswerOfAnotherLibraryIsNeverTheTransports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rawPeer(t, rpc.Options{Side: rpc.FromHost})
		done := make(chan error, 1) // one slot: the call ends once
		go func() { _, err := lookup.Call(t.Context(), r.conn, ""); done <- err }()
		if f := r.next(); f.Kind != wire.Request {
			t.Fatalf("got a %s, expected a request", f.Kind)
		}
		r.send(wire.Frame{Kind: wire.Error, Tx: wire.Tx{N: 1}}, &rpc.Error{Code: rpc.Unavailable, Message: "the database is gone", Origin: rpc.FromTransport})
		if e := asError(t, <-done); e.Origin != rpc.FromPlugin || e.Cause == nil || e.Cause.Origin != rpc.FromTransport || e.Message != "the database is gone" {
			t.Errorf("got %+v", e)
		}
	})
}

func TestABareErrorOfAContextNamesTheMessage(t *testing.T) {
	for cause, code := range map[error]rpc.Code{context.Canceled: rpc.Canceled, context.DeadlineExceeded: rpc.Timeout} {
		for want, err := range map[string]error{
			"greeter.greet: " + cause.Error():  cause,
			"ask the oracle: " + cause.Error(): fmt.Errorf("ask the oracle: %w", cause),
		} {
			a, _ := rpctest.Pair(t, nil, []rpc.Handler{greet.Handle(func(context.Context, greetRequest) (greeting, error) { return greeting{}, err })})
			_, got := greet.Call(t.Context(), a, greetRequest{})
			if got.Error() != want || !errors.Is(got, code) || !errors.Is(got, cause) || asError(t, got).Origin != rpc.FromPlugin {
				t.Errorf("got %v (%s), want %s", got, rpc.CodeOf(got), want)
			}
		}
	}
}
