package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// userSerializer is what a program may bring. It panics at what contains "panic".
type userSerializer struct{ terminator []byte }

func (userSerializer) Name() string                  { return "UserSerializer" }
func (u userSerializer) Terminator() []byte          { return u.terminator }
func (userSerializer) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

func (userSerializer) Unmarshal(data []byte, v any) error {
	if bytes.Contains(data, []byte("panic")) {
		panic("a serializer's bug")
	}
	return json.Unmarshal(data, v)
}

var serializers = map[string]codec.Serializer{
	"messagepack": codec.MessagePackSerializer{}, "json": codec.JsonSerializer{},
	"a user's, terminated": userSerializer{[]byte("\r\n;\r\n")}, "a user's, prefixed": userSerializer{},
}

func TestEverySerializerCarriesCallsErrorsNoticesAndPings(t *testing.T) {
	for name, s := range serializers {
		t.Run(name, func(t *testing.T) {
			waved := make(chan int, 1)
			opt := rpc.Options{Serializer: s, Side: rpc.FromPlugin, Handlers: rpc.NewMux(append(callingBack(),
				any1.Handle(self[any]), echo.Handle(self[string]),
				fails.Handle(func(context.Context, struct{}) (string, error) { return "", withDetails("détail") }),
				wave.Handle(func(_ context.Context, n int) error { waved <- n; return nil }))...)}
			a, _ := rpctest.PairWith(t, opt, opt)
			if got, err := greet.Call(t.Context(), a, greetRequest{Name: "Zoë"}); err != nil || got.Text != "Zoë4" {
				t.Errorf("got %+v, %v", got, err)
			}
			if got, err := any1.Call(t.Context(), a, nil); err != nil || got != nil {
				t.Errorf("nil came back as %v, %v", got, err)
			}
			if got, err := echo.Call(t.Context(), a, strings.Repeat("é\n", 100_000)); err != nil || len(got) != 300_000 {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			_, err := fails.Call(t.Context(), a, struct{}{})
			if e := asError(t, err); e.Code != rpc.Conflict || e.Details["v"] != "détail" {
				t.Errorf("got %+v", e)
			}
			if err := wave.Send(t.Context(), a, -7); err != nil || <-waved != -7 {
				t.Errorf("the notice: %v", err)
			}
			if _, err := a.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPanicOfAUsersSerializerDropsItsFrameOrEndsItsConnection(t *testing.T) {
	for name, s := range map[string]codec.Serializer{"terminated": serializers["a user's, terminated"], "prefixed": serializers["a user's, prefixed"]} {
		opt := handling(greet.Handle(hello))
		opt.Serializer = s
		r := rawPeer(t, opt)
		r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: "panic"}, nil)
		if name == "terminated" {
			r.alive()
			continue
		}
		if err := r.over(); err == nil || !strings.Contains(err.Error(), "UserSerializer panicked: a serializer's bug") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCloseReturnsWhileAWriteToASocketIsStuck(t *testing.T) {
	stuck, other := unixPair(t)
	defer other.Close()
	c := rpc.NewConn(context.Background(), stuck, rpc.Options{})
	results := make(chan error, 4)
	for range 4 {
		go func() { _, err := echo.Call(context.Background(), c, strings.Repeat("x", 4<<20)); results <- err }()
	}
	if _, err := io.ReadFull(other, make([]byte, 4)); err != nil { // the first write has begun and can not end
		t.Fatal(err)
	}
	c.Close()
	perhaps := 0
	for range 4 {
		err := <-results
		if !errors.Is(err, rpc.Unavailable) {
			t.Error(err)
		}
		if rpc.Delivered(err) == rpc.PerhapsDelivered {
			perhaps++
		}
	}
	if perhaps != 1 {
		t.Errorf("%d calls may have been delivered, expected the one that was written in part", perhaps)
	}
}
