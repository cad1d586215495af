package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// explosive panics when it is encoded.
type explosive struct{ X int }

func (explosive) MarshalJSON() ([]byte, error)    { panic("boom in MarshalJSON") }
func (explosive) MarshalMsgpack() ([]byte, error) { panic("boom in MarshalMsgpack") }

// nilError panics when its text is asked for through a nil pointer.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// ownCause is its own cause.
type ownCause struct{}

func (ownCause) Error() string { return "it turns in circles" }
func (ownCause) Unwrap() error { return ownCause{} }

func cyclic() *rpc.Error {
	e := rpc.Errorf(rpc.Conflict, "circular")
	e.Cause = &rpc.Error{Code: rpc.Denied, Message: "inner", Cause: e}
	return e
}

// misbehave is what a handler may end with.
var misbehave = map[string]struct {
	handler func() (any, error)
	code    rpc.Code
	text    string
}{
	"a channel as result":          {func() (any, error) { return make(chan int), nil }, rpc.Internal, "test.any: encode the result: "},
	"a result over the limit":      {func() (any, error) { return strings.Repeat("x", 100_000), nil }, rpc.Internal, "encode the result: frame of "},
	"a result that panics":         {func() (any, error) { return explosive{}, nil }, rpc.Internal, "encoding panicked: boom in Marshal"},
	"details that cannot be sent":  {func() (any, error) { return nil, withDetails(func() {}) }, rpc.Conflict, "the rest of this error could not be encoded"},
	"details that panic":           {func() (any, error) { return nil, withDetails(explosive{}) }, rpc.Conflict, "the rest of this error could not be encoded"},
	"an error over the limit":      {func() (any, error) { return nil, rpc.Errorf(rpc.Conflict, "%s", strings.Repeat("x", 100_000)) }, rpc.Conflict, "the rest of this error could not be encoded"},
	"an error that is its cause":   {func() (any, error) { return nil, ownCause{} }, rpc.Unknown, "it turns in circles"},
	"records in a circle":          {func() (any, error) { return nil, cyclic() }, rpc.Conflict, "circular"},
	"a nil pointer as error":       {func() (any, error) { return nil, (*nilError)(nil) }, rpc.Internal, "handler panicked: runtime error: invalid memory address"},
	"a nil *rpc.Error":             {func() (any, error) { return nil, (*rpc.Error)(nil) }, rpc.Internal, "a nil *rpc.Error was returned as an error: return a plain nil"},
	"a nil *rpc.Error, wrapped":    {func() (any, error) { return nil, fmt.Errorf("outer: %w", (*rpc.Error)(nil)) }, rpc.Unknown, "outer: "},
	"an error without a code":      {func() (any, error) { return nil, &rpc.Error{Message: "bare"} }, rpc.Unknown, "bare"},
	"a nil pointer dereferenced":   {func() (any, error) { var p *nilError; return p.text, nil }, rpc.Internal, "handler panicked: runtime error: invalid memory address"},
	"panic(nil)":                   {func() (any, error) { panic(nil) }, rpc.Internal, "handler panicked: panic called with nil argument"},
	"a panic with an error":        {func() (any, error) { panic(cyclic()) }, rpc.Internal, "handler panicked: circular"},
	"runtime.Goexit":               {func() (any, error) { runtime.Goexit(); return nil, nil }, rpc.Internal, "test.any: the handler ended its goroutine without returning"},
	"many causes":                  {func() (any, error) { return nil, nest(200) }, rpc.NotFound, "200: "},
	"errors joined":                {func() (any, error) { return nil, errors.Join(errors.New("a"), rpc.NotFound) }, rpc.NotFound, "a\nNotFound"},
	"an error that is not written": {func() (any, error) { return nil, errors.New("") }, rpc.Unknown, "the peer answered Unknown without a message"},
}

func withDetails(v any) error {
	e := rpc.Errorf(rpc.Conflict, "with details")
	e.Details = map[string]any{"v": v}
	return e
}

func nest(n int) error {
	err := error(rpc.NotFound)
	for i := range n {
		err = fmt.Errorf("%d: %w", i+1, err)
	}
	return err
}

func TestWhateverAHandlerDoesItsCallIsAnsweredAndTheConnectionLives(t *testing.T) {
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		for name, c := range misbehave {
			t.Run(s.Name()+" "+name, func(t *testing.T) {
				opt := handling(any1.Handle(func(context.Context, any) (any, error) { return c.handler() }), greet.Handle(hello))
				opt.Serializer, opt.MaxFrame = s, 60_000
				a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s}, opt)
				_, err := any1.Call(t.Context(), a, 1)
				e := asError(t, err)
				if e.Code != c.code || !strings.Contains(e.Message, c.text) || rpc.Delivered(err) != rpc.PerhapsDelivered || e.Origin != rpc.FromPlugin {
					t.Errorf("got %s %.200q, %s, delivered %s", e.Code, e.Message, e.Origin, rpc.Delivered(err))
				}
				if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
					t.Errorf("the next call: %v", err)
				}
			})
		}
	}
}

// rowdy panics whatever it is told.
type rowdy struct{}

func (rowdy) Debug(string, ...any) { panic("debug") }
func (rowdy) Warn(string, ...any)  { panic("warn") }

func TestALoggerAndAnObserveHookThatPanicBreakNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shocked := func(rpc.Observation) { panic("observed") }
		got := 0
		opt := handling(greet.Handle(hello), fails.Handle(func(context.Context, struct{}) (string, error) { panic("boom") }),
			wave.Handle(func(_ context.Context, n int) error {
				got++
				if n == 1 {
					panic("boom")
				}
				if n == 2 {
					runtime.Goexit()
				}
				if n == 3 {
					return (*nilError)(nil)
				}
				return nil
			}))
		opt.Logger, opt.Observe, opt.Serializer = rowdy{}, shocked, codec.JsonSerializer{}
		r := rawPeer(t, opt)
		r.write([]byte("garbage\n"))
		for n := range 5 {
			r.send(notice(uint64(n)+1), n+1)
			if f := r.next(); f.Kind != wire.Credit || f.Meta.Items != 1 {
				t.Fatalf("notice %d: got %+v", n+1, f)
			}
		}
		r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: string(fails)}, struct{}{})
		if e := r.nextError(); e.Code != rpc.Internal {
			t.Errorf("got %+v", e)
		}
		r.send(request(2), greetRequest{})
		if f := r.next(); f.Kind != wire.Result {
			t.Errorf("got %+v", f)
		}
		synctest.Wait()
		if s := r.conn.Stats(); got != 5 || s.Serving != 0 {
			t.Errorf("%d notices were handled, %+v", got, s)
		}
	})
}

// TestAnErrorOfANestedCallDoesNotClaimThatTheOuterHandlerNeverRan: the outer call would be repeated, though it ran.
func TestAnErrorOfANestedCallDoesNotClaimThatTheOuterHandlerNeverRan(t *testing.T) {
	const nowhere rpc.Method[string, string] = "host.nowhere"
	opt := handling(echo.Handle(func(ctx context.Context, v string) (string, error) { return nowhere.Call(ctx, rpc.Caller(ctx), v) }))
	for name, handles := range map[string][]rpc.Use{"refused here": {}, "refused there": rpc.UsesOf([]wire.Message{{Name: string(nowhere)}})} {
		opt.PeerHandles = handles
		a, _ := rpctest.PairWith(t, rpc.Options{Side: rpc.FromHost}, opt)
		_, err := echo.Call(t.Context(), a, "x")
		if e := asError(t, err); e.Code != rpc.Unimplemented || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%s: got %+v, delivered %s", name, e, rpc.Delivered(err))
		}
	}
}

func TestAnErrorWithoutARecordStillSaysSomething(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	for _, payload := range []any{nil, map[string]any{}, map[string]any{"code": 7}} {
		result := make(chan error, 1)
		go func() { _, err := lookup.Call(context.Background(), r.conn, "x"); result <- err }()
		r.send(wire.Frame{Kind: wire.Error, Tx: r.next().Tx}, payload)
		err := <-result
		if e := asError(t, err); e.Code == "" || !strings.Contains(e.Error(), "greeter.lookup") || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%v: got %+v", payload, e)
		}
	}
}

func TestAMethodIsNotTakenForAQueryOfTheSameName(t *testing.T) {
	const asMethod rpc.Method[string, int] = "greeter.count"
	const asQuery rpc.Query[string, int] = "greeter.count"
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{asMethod.Handle(func(_ context.Context, s string) (int, error) { return len(s), nil })})
	if n, err := asMethod.Call(t.Context(), a, "abc"); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	want := `message "greeter.count" is a query here and a method there: both ends must be built from the same contract`
	if _, err := asQuery.Call(t.Context(), a, "abc"); err == nil || err.Error() != want || rpc.Delivered(err) != rpc.NotDelivered {
		t.Errorf("got %v", err)
	}
}
