package serializertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// Run checks s: values, damage, and messages over a connection.
func Run(t *testing.T, s codec.Serializer) {
	for _, c := range []struct {
		claim string
		test  func(*testing.T, codec.Serializer)
	}{
		{"a name and a terminator", testName},
		{"what comes back is what was sent", testValues},
		{"numbers that do not fit are refused", testNumbers},
		{"damage is an error and never a panic", testDamage},
		{"errors name what is wrong", testErrors},
		{"calls in both directions", testCalls},
		{"errors of handlers", testFailures},
		{"notices in order", testNotices},
		{"ten megabytes", testLarge},
		{"many calls at once", testCrowd},
	} {
		t.Run(c.claim, func(t *testing.T) { c.test(t, s) })
	}
}

const (
	echo  rpc.Method[Everything, Everything] = "serializertest.echo"
	back  rpc.Query[any, any]                = "serializertest.back"
	blob  rpc.Method[[]byte, string]         = "serializertest.bytes"
	fail  rpc.Query[string, struct{}]        = "serializertest.fail"
	count rpc.Notice[int]                    = "serializertest.count"
)

// same answers with what it was asked.
func same[T any](_ context.Context, v T) (T, error) { return v, nil }

func pair(t *testing.T, s codec.Serializer, there ...rpc.Handler) *rpc.Conn {
	t.Helper()
	here := rpc.NewMux(back.Handle(same[any]))
	a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, Handlers: here, Side: rpc.FromHost}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(there...), Side: rpc.FromPlugin})
	return a
}

func testCalls(t *testing.T, s codec.Serializer) {
	a := pair(t, s, echo.Handle(func(ctx context.Context, v Everything) (Everything, error) {
		got, err := back.Call(ctx, rpc.Caller(ctx), v.Any)
		v.Any = got
		return v, err
	}))
	for name, want := range values() {
		got, err := echo.Call(t.Context(), a, want)
		if err != nil || got.Text != want.Text || got.Int != want.Int || got.Uint != want.Uint || fmt.Sprint(got.Any, got.Map) != fmt.Sprint(want.Any, want.Map) {
			t.Errorf("%s: got\n%+v, %v\nwant\n%+v", name, got, err, want)
		}
	}
	if _, err := a.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func testFailures(t *testing.T, s codec.Serializer) {
	a := pair(t, s, fail.Handle(func(_ context.Context, text string) (struct{}, error) {
		return struct{}{}, &rpc.Error{Code: rpc.Conflict, Message: text, Details: map[string]any{"n": int64(7), "s": "détail\n\n"}, Cause: &rpc.Error{Code: rpc.Denied, Message: "cause"}}
	}))
	_, err := fail.Call(t.Context(), a, "no\n\nway")
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != rpc.Conflict || e.Message != "no\n\nway" || fmt.Sprint(e.Details) != "map[n:7 s:détail\n\n]" || !errors.Is(err, rpc.Denied) {
		t.Errorf("got %#v", err)
	}
	wrong := &rpc.Message{Kind: rpc.KindQuery, Type: string(fail), Payload: []int{1}}
	err = a.Invoke(t.Context(), wrong, new(struct{}))
	if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.HasPrefix(err.Error(), string(fail)+": payload: ") {
		t.Errorf("a list for a text: %v", err)
	}
	_, err = back.Call(t.Context(), a, func() {})
	if rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("a function: %v", err)
	}
}

func testNotices(t *testing.T, s codec.Serializer) {
	got := make(chan int, 100)
	a := pair(t, s, count.Handle(func(_ context.Context, n int) error { got <- n; return nil }))
	for n := range cap(got) {
		if err := count.Send(t.Context(), a, n); err != nil {
			t.Fatal(err)
		}
	}
	for n := range cap(got) {
		if m := <-got; m != n {
			t.Fatalf("notice %d came where %d was due", m, n)
		}
	}
}

// testLarge sends ten megabytes that compress badly there, and ten that compress well back.
func testLarge(t *testing.T, s codec.Serializer) {
	const size = 10 << 20
	random := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(random)
	line := "ten megabytes of text in pieces of 40 by\n"
	a := pair(t, s, blob.Handle(func(_ context.Context, b []byte) (string, error) {
		if !bytes.Equal(b, random) {
			return "", rpc.Errorf(rpc.Invalid, "%d bytes arrived, and they are not the same", len(b))
		}
		return strings.Repeat(line, size/len(line)), nil
	}))
	if got, err := blob.Call(t.Context(), a, random); err != nil || got != strings.Repeat(line, size/len(line)) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func testCrowd(t *testing.T, s codec.Serializer) {
	a := pair(t, s, echo.Handle(same[Everything]))
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			want := Everything{Text: strings.Repeat("x", n*100), Int: int64(n)}
			if got, err := echo.Call(t.Context(), a, want); err != nil || got.Int != want.Int || got.Text != want.Text {
				t.Errorf("call %d: got %d, %v", n, got.Int, err)
			}
		})
	}
	all.Wait()
}
