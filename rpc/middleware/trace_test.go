package middleware_test

import (
	"context"
	"maps"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" // the specification's example
	state  = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
)

func trace(t *testing.T) middleware.Trace {
	t.Helper()
	tr, err := middleware.ParseTraceparent(parent)
	if err != nil {
		t.Fatal(err)
	}
	tr.State = state
	return tr
}

// A seen is what a handler saw of its trace.
type seen struct {
	trace   middleware.Trace
	ok      bool
	headers map[string]string
}

// traced connects a caller, with TraceContext or without, to a callee that tells what it saw; it calls its caller back for "again".
func traced(t *testing.T, s codec.Serializer, caller, callee []rpc.Middleware) (*rpc.Conn, chan seen) {
	saw := make(chan seen, 4)
	look := func(ctx context.Context) {
		tr, ok := middleware.TraceFrom(ctx)
		saw <- seen{tr, ok, maps.Clone(rpc.Headers(ctx))}
	}
	back := knock.Handle(func(ctx context.Context, _ string) (string, error) { look(ctx); return "", nil })
	there := knock.Handle(func(ctx context.Context, again string) (string, error) {
		look(ctx)
		if again == "" {
			return "", nil
		}
		return knock.Call(ctx, rpc.Caller(ctx), "")
	})
	rung := ring.Handle(func(ctx context.Context, _ login) error { look(ctx); return nil })
	a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s, Middleware: caller, Handlers: rpc.NewMux(back)},
		rpc.Options{Serializer: s, Middleware: callee, Handlers: rpc.NewMux(there, rung)})
	return a, saw
}

func TestTraceContinuesThroughHandlersWithASpanOfItsOwnForEachCall(t *testing.T) {
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		mw := only(middleware.TraceContext())
		a, saw := traced(t, s, mw, mw)
		want := trace(t)
		if _, err := knock.Call(middleware.WithTrace(t.Context(), want), a, "again"); err != nil {
			t.Fatal(err)
		}
		there, back := <-saw, <-saw
		for _, got := range []seen{there, back} {
			if !got.ok || got.trace.ID != want.ID || !got.trace.Sampled || got.trace.State != state || got.headers["tracestate"] != state ||
				got.headers["traceparent"] != got.trace.Traceparent() {
				t.Errorf("got %+v", got)
			}
		}
		spans := map[[8]byte]bool{want.Span: true, there.trace.Span: true, back.trace.Span: true}
		if len(spans) != 3 {
			t.Errorf("spans %x, %x, %x: each call has its own", want.Span, there.trace.Span, back.trace.Span)
		}
	})
}

func TestTraceBeginsWhereThereIsNoneUnsampledAndNewForEachCall(t *testing.T) {
	mw := only(middleware.TraceContext())
	for name, ends := range map[string][2][]rpc.Middleware{"at the caller": {mw, nil}, "at the callee": {nil, mw}} {
		t.Run(name, func(t *testing.T) {
			a, saw := traced(t, nil, ends[0], ends[1])
			ids := map[[16]byte]bool{}
			for range 10 {
				if _, err := knock.Call(t.Context(), a, ""); err != nil {
					t.Fatal(err)
				}
				got := <-saw
				if !got.ok || got.trace.IsZero() || got.trace.Sampled || got.trace.State != "" {
					t.Errorf("got %+v", got)
				}
				ids[got.trace.ID] = true
			}
			if len(ids) != 10 {
				t.Errorf("%d traces for 10 calls", len(ids))
			}
		})
	}
}

func TestTraceWithoutMiddlewareIsReadAndNotMade(t *testing.T) {
	a, saw := traced(t, nil, nil, nil)
	if _, err := knock.Call(t.Context(), a, ""); err != nil {
		t.Fatal(err)
	}
	if got := <-saw; got.ok || got.headers != nil {
		t.Errorf("got %+v", got)
	}
	m := &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: "", Headers: map[string]string{"traceparent": parent, "tracestate": state}}
	if err := a.Invoke(t.Context(), m, new(string)); err != nil {
		t.Fatal(err)
	}
	if got := <-saw; !got.ok || got.trace != trace(t) {
		t.Errorf("got %+v", got)
	}
}

func TestTraceTravelsWithNotices(t *testing.T) {
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		a, saw := traced(t, s, only(middleware.TraceContext()), nil)
		if err := ring.Send(middleware.WithTrace(t.Context(), trace(t)), a, login{}); err != nil {
			t.Fatal(err)
		}
		if got := <-saw; got.trace.ID != trace(t).ID || got.trace.Span == trace(t).Span {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTraceHeadersThatAMessageHasStayIfTheyAreValid(t *testing.T) {
	for _, c := range []struct {
		name, parent, state    string
		wantParent, wantState  string // empty parent: a new one
		contextIsWith, unknown bool
	}{
		{name: "both valid", parent: parent, state: state, wantParent: parent, wantState: state},
		{name: "more than the context's", parent: parent, wantParent: parent, contextIsWith: true},
		{name: "bad state", parent: parent, state: "a=b,a=c", wantParent: parent},
		{name: "later version", parent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more", wantParent: parent},
		{name: "bad parent", parent: "00-x", state: state},
		{name: "no parent", state: state},
	} {
		for end, callee := range map[string][]rpc.Middleware{"sent": nil, "received": only(middleware.TraceContext())} {
			t.Run(c.name+", "+end, func(t *testing.T) {
				var caller []rpc.Middleware
				if callee == nil {
					caller = only(middleware.TraceContext())
				}
				a, saw := traced(t, nil, caller, callee)
				headers := map[string]string{"mine": "stays"}
				for k, v := range map[string]string{"traceparent": c.parent, "tracestate": c.state} {
					if v != "" {
						headers[k] = v
					}
				}
				before, ctx := maps.Clone(headers), t.Context()
				if c.contextIsWith {
					ctx = middleware.WithTrace(ctx, middleware.Trace{}.Child())
				}
				if err := a.Invoke(ctx, &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: "", Headers: headers}, new(string)); err != nil {
					t.Fatal(err)
				}
				got := <-saw
				if c.wantParent == "" && (!got.ok || got.trace.ID == trace(t).ID) || c.wantParent != "" && got.headers["traceparent"] != c.wantParent {
					t.Errorf("traceparent %q", got.headers["traceparent"])
				}
				if got.headers["tracestate"] != c.wantState || got.headers["mine"] != "stays" || !maps.Equal(headers, before) {
					t.Errorf("headers %q; the sender's own are %q", got.headers, headers)
				}
			})
		}
	}
}

func TestTraceOfAContextAroundAHandlerDoesNotHideThatOfItsMessage(t *testing.T) {
	outer := middleware.Trace{}.Child()
	saw := make(chan [2]middleware.Trace, 2)
	h := knock.Handle(func(ctx context.Context, _ string) (string, error) {
		of, _ := middleware.TraceFrom(ctx)
		own, _ := middleware.TraceFrom(middleware.WithTrace(ctx, outer))
		saw <- [2]middleware.Trace{of, own}
		return "", nil
	})
	a, b := inContext(t, middleware.WithTrace(context.Background(), outer), rpc.NewMux(h))
	defer b.Close()
	defer a.Close()
	for header, want := range map[string]middleware.Trace{parent: trace(t), "": outer} {
		m := &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: ""}
		if header != "" {
			m.Headers = map[string]string{"traceparent": header, "tracestate": state}
		}
		if err := a.Invoke(t.Context(), m, new(string)); err != nil {
			t.Fatal(err)
		}
		if got := <-saw; got != [2]middleware.Trace{want, outer} {
			t.Errorf("%q: got %+v", header, got)
		}
	}
}

func TestTraceWithoutIdsIsNone(t *testing.T) {
	ctx := middleware.WithTrace(middleware.WithTrace(t.Context(), trace(t)), middleware.Trace{State: state})
	if tr, ok := middleware.TraceFrom(ctx); ok {
		t.Errorf("got %+v", tr)
	}
	a, saw := traced(t, nil, only(middleware.TraceContext()), nil)
	if _, err := knock.Call(ctx, a, ""); err != nil {
		t.Fatal(err)
	}
	if got := <-saw; !got.ok || got.trace.ID == trace(t).ID || got.trace.State != "" {
		t.Errorf("got %+v", got)
	}
}

func TestTraceDropsAStateOfTheProgramThatIsNotValid(t *testing.T) {
	a, saw := traced(t, nil, only(middleware.TraceContext()), nil)
	tr := trace(t)
	tr.State = "no state"
	if _, err := knock.Call(middleware.WithTrace(t.Context(), tr), a, ""); err != nil {
		t.Fatal(err)
	}
	if got := <-saw; got.trace.ID != tr.ID || got.trace.State != "" {
		t.Errorf("got %+v", got)
	}
}
