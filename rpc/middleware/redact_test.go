package middleware_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

var secret = login{User: "ada", Password: "swordfish", PIN: 1 << 62, Devices: []device{{"phone", []byte{0, 255}}},
	More: map[string]any{"Password": "swordfish", "list": []any{map[string]any{"PASSWORD": int64(7), "n": int64(1) << 60}}}}

// hidden is secret without what the tests hide; the number that stays is not rounded.
var hidden = login{User: "ada", Devices: []device{{"phone", nil}}, More: map[string]any{"Password": nil, "list": []any{map[string]any{"PASSWORD": nil, "n": int64(1) << 60}}}}

func TestTravellingTakesFieldsOutInTheDirectionsGiven(t *testing.T) {
	r := middleware.Redact("password", "pin", "token")
	for _, c := range []struct {
		name           string
		caller, callee []rpc.Middleware
		asked, got     login
	}{
		{"nowhere: a Redaction changes nothing by itself", nil, nil, secret, secret},
		{"nothing named", only(middleware.Redact().Travelling()), nil, secret, secret},
		{"caller, outgoing", only(r.Travelling(rpc.Outgoing)), nil, hidden, hidden},
		{"caller, incoming", only(r.Travelling(rpc.Incoming)), nil, secret, hidden},
		{"callee, incoming", nil, only(r.Travelling(rpc.Incoming)), hidden, hidden},
		{"callee, outgoing", nil, only(r.Travelling(rpc.Outgoing)), secret, hidden},
		{"callee, both", nil, only(r.Travelling()), hidden, hidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachSerializer(t, func(t *testing.T, s codec.Serializer) {
				var asked login
				a := pair(t, s, c.caller, c.callee, signIn.Handle(func(_ context.Context, v login) (login, error) { asked = v; return v, nil }))
				sent := secret
				got, err := signIn.Call(t.Context(), a, sent)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(asked, c.asked) || !reflect.DeepEqual(got, c.got) {
					t.Errorf("handler got\n%+v\nwant\n%+v\ncaller got\n%+v\nwant\n%+v", asked, c.asked, got, c.got)
				}
				if sent.Password != "swordfish" || sent.More["Password"] != "swordfish" || string(sent.Devices[0].Token) != "\x00\xff" {
					t.Errorf("the sender's own value was changed: %+v", sent)
				}
			})
		})
	}
}

func TestTravellingTakesFieldsOutOfNotices(t *testing.T) {
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		got := make(chan login, 1)
		a := pair(t, s, only(middleware.Redact("password", "pin", "token").Travelling()), nil, ring.Handle(func(_ context.Context, v login) error { got <- v; return nil }))
		if err := ring.Send(t.Context(), a, secret); err != nil {
			t.Fatal(err)
		}
		if v := <-got; !reflect.DeepEqual(v, hidden) {
			t.Errorf("got %+v", v)
		}
	})
}

func TestTravellingTakesFieldsOutOfTheDetailsOfErrorsAndTheirCauses(t *testing.T) {
	type account struct {
		Token string `json:"token"`
		Name  string `json:"name"`
	}
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		inner := &rpc.Error{Code: rpc.Denied, Message: "inner", Details: map[string]any{"Token": "swordfish", "try": int64(2)}}
		inner.Cause = inner // its own cause
		outer := &rpc.Error{Code: rpc.Conflict, Message: "outer", Details: map[string]any{"of": account{"swordfish", "ada"}}, Cause: inner}
		a := pair(t, s, nil, only(middleware.Redact("token").Travelling()), knock.Handle(func(context.Context, string) (string, error) { return "", outer }))
		_, err := knock.Call(t.Context(), a, "")
		e, ok := err.(*rpc.Error)
		if !ok || e.Code != rpc.Conflict || e.Message != "outer" || e.Cause == nil || e.Origin != rpc.FromPlugin {
			t.Fatalf("got %#v", err)
		}
		if got := fmt.Sprint(e.Details, e.Cause.Details); got != "map[of:map[name:ada token:<nil>]] map[Token:<nil> try:2]" {
			t.Errorf("got %s", got)
		}
		if inner.Details["Token"] != "swordfish" {
			t.Error("the handler's own error was changed")
		}
	})
}

func TestTravellingDropsDetailsThatCannotBeLookedInto(t *testing.T) {
	a := pair(t, nil, nil, only(middleware.Redact("token").Travelling()), knock.Handle(func(context.Context, string) (string, error) {
		return "", &rpc.Error{Code: rpc.Conflict, Message: "outer", Details: map[string]any{"token": make(chan int)}}
	}))
	_, err := knock.Call(t.Context(), a, "")
	says(t, err, rpc.Conflict, rpc.PerhapsDelivered, "outer")
}

func TestTravellingFailsAMessageThatItCannotLookInto(t *testing.T) {
	a := pair(t, codec.JsonSerializer{}, only(middleware.Redact("token").Travelling()), nil)
	err := a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: make(chan int)}, new(string))
	says(t, err, rpc.Invalid, rpc.NotDelivered, "middleware (outgoing): door.knock: redact the request: encode chan int: json: unsupported type: chan int")
}

func TestViewHidesNamesAsJSONFindsThemAndWhatIsTooDeep(t *testing.T) {
	r := middleware.Redact("password", "3")
	deep := any("swordfish")
	for range 1000 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "<nil>"},
		{"password", "password"},
		{map[string]any{"pa\u017f\u017fword": 1, "passwords": 2}, "map[passwords:2 pa\u017f\u017fword:[redacted]]"},
		{map[any]any{3: map[string]any{}}, "map[3:[redacted]]"},
		{[]any{map[any]any{"PassWord": nil}}, "[map[PassWord:[redacted]]]"},
	} {
		if got := fmt.Sprint(r.View(c.in)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	v := r.View(deep)
	for list, ok := v.([]any); ok; list, ok = v.([]any) {
		v = list[0]
	}
	if v != middleware.Redacted {
		t.Errorf("below 1,000 lists: %v", v)
	}
}
