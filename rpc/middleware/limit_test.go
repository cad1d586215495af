package middleware_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// text is a string whose encoding has n bytes, n from 258 to 65,537.
func text(s codec.Serializer, n int) string {
	head := 3 // of MessagePack's str 16
	if s.Name() == "JsonSerializer" {
		head = 2
	}
	return strings.Repeat("x", n-head)
}

func TestPayloadLimitRefusesWhatIsOneByteTooLargeInEitherDirection(t *testing.T) {
	const refused = "door.knock: a request of 1001 bytes is over the limit of 1000 bytes: send less at once, or raise the limit of middleware.PayloadLimit"
	limit := only(middleware.PayloadLimit(1000, nil))
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		for _, c := range []struct {
			name           string
			caller, callee []rpc.Middleware
			text           string
			delivered      rpc.Delivery
		}{
			{"request, at the caller", limit, nil, "middleware (outgoing): " + refused, rpc.NotDelivered},
			{"request, at the callee", nil, limit, "middleware (incoming): " + refused, rpc.NotDelivered},
		} {
			t.Run(c.name, func(t *testing.T) {
				a := pair(t, s, c.caller, c.callee)
				if got, err := knock.Call(t.Context(), a, text(s, 1000)); err != nil || got != text(s, 1000) {
					t.Errorf("at the limit: %d bytes, %v", len(got), err)
				}
				_, err := knock.Call(t.Context(), a, text(s, 1001))
				says(t, err, rpc.Exhausted, c.delivered, c.text)
				if _, err := knock.Call(t.Context(), a, "again"); err != nil {
					t.Errorf("the call after it: %v", err)
				}
			})
		}
	})
}

func TestPayloadLimitRefusesResultsAtEitherEnd(t *testing.T) {
	const refused = "door.knock: a result of 1001 bytes is over the limit of 1000 bytes: send less at once, or raise the limit of middleware.PayloadLimit"
	limit := only(middleware.PayloadLimit(1000, nil))
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		long := knock.Handle(func(context.Context, string) (string, error) { return text(s, 1001), nil })
		_, err := knock.Call(t.Context(), pair(t, s, limit, nil, long), "")
		says(t, err, rpc.Exhausted, rpc.PerhapsDelivered, "middleware (incoming): "+refused)
		_, err = knock.Call(t.Context(), pair(t, s, nil, limit, long), "")
		says(t, err, rpc.Exhausted, rpc.PerhapsDelivered, "middleware (outgoing): "+refused)
	})
}

func TestPayloadLimitOfAMessageGoesBeforeTheOneForAll(t *testing.T) {
	messages := map[string]int{string(knock): 2000, string(signIn): 0}
	a := pair(t, nil, only(middleware.PayloadLimit(100, messages)), nil)
	messages[string(knock)] = 1 // the middleware has a copy
	if _, err := knock.Call(t.Context(), a, strings.Repeat("x", 1500)); err != nil {
		t.Error(err)
	}
	if _, err := knock.Call(t.Context(), a, strings.Repeat("x", 2500)); err == nil || !strings.Contains(err.Error(), "over the limit of 2000 bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := signIn.Call(t.Context(), a, login{User: strings.Repeat("x", 5000)}); err != nil {
		t.Errorf("0 is no limit: %v", err)
	}
}

func TestPayloadLimitLetsErrorsPassAndRefusesNotices(t *testing.T) {
	limit := only(middleware.PayloadLimit(50, nil))
	a := pair(t, nil, limit, limit, knock.Handle(func(context.Context, string) (string, error) {
		return "", rpc.Errorf(rpc.Conflict, "%s", strings.Repeat("x", 500))
	}), ring.Handle(func(context.Context, login) error { return nil }))
	if _, err := knock.Call(t.Context(), a, ""); rpc.CodeOf(err) != rpc.Conflict {
		t.Errorf("got %v", err)
	}
	err := ring.Send(t.Context(), a, login{User: strings.Repeat("x", 30)})
	says(t, err, rpc.Exhausted, rpc.NotDelivered, "middleware (outgoing): door.ring: a notice of 52 bytes is over the limit of 50 bytes: send less at once, or raise the limit of middleware.PayloadLimit")
}

func TestPayloadLimitOfAnIncomingNoticeKeepsItFromItsHandler(t *testing.T) {
	got := make(chan string, 2)
	a, b := rpctest.PairWith(t, rpc.Options{}, rpc.Options{Middleware: only(middleware.PayloadLimit(80, nil)), Handlers: rpc.NewMux(ring.Handle(func(_ context.Context, v login) error {
		got <- v.User
		return nil
	}))})
	for _, user := range []string{strings.Repeat("x", 100), "ada"} {
		if err := ring.Send(t.Context(), a, login{User: user}); err != nil {
			t.Fatal(err)
		}
	}
	if user := <-got; user != "ada" || len(got) != 0 {
		t.Errorf("%q was handled first", user)
	}
	if b.Err() != nil {
		t.Errorf("the connection is over: %v", b.Err())
	}
}

func TestPayloadLimitNamesAPayloadThatCannotBeMeasured(t *testing.T) {
	a := pair(t, codec.JsonSerializer{}, only(middleware.PayloadLimit(10, nil)), nil)
	err := a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: make(chan int)}, new(string))
	says(t, err, rpc.Invalid, rpc.NotDelivered, "middleware (outgoing): door.knock: measure the request: encode chan int: json: unsupported type: chan int")
}
