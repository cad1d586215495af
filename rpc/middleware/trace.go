package middleware

import (
	"context"
	"maps"

	"github.com/go-hotplug/hotplug/rpc"
)

// The headers that carry a trace, as https://www.w3.org/TR/trace-context/ names them.
const (
	Traceparent = "traceparent"
	Tracestate  = "tracestate"
)

// TraceContext gives every request and notice that is sent the header traceparent of W3C Trace Context, level 1, and the tracestate of its trace:
//
//   - A call that is made with the ctx of a handler, or with one from WithTrace, continues that trace, under a span id of its own. Any other begins a
//     trace, which is not sampled. A valid traceparent that the message has already stays.
//   - An incoming request or notice whose traceparent is missing or not valid begins a trace at this end, without the tracestate
//     that came along; a tracestate that is not valid is dropped alone. So what a handler does has one trace, with a sender that knows of none too.
//
// The two ends of a call share its span: what TraceFrom returns in a handler is what its caller sent. Replies and items carry no headers.
func TraceContext() rpc.Middleware {
	return func(ctx context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if m.Reply || m.Item {
			return nil, nil
		}
		t, ok := traceOf(m.Headers)
		switch {
		case d == rpc.Outgoing && !ok:
			parent, _ := TraceFrom(ctx)
			t = parent.Child()
		case d == rpc.Incoming && !ok:
			t = Trace{}.Child()
		}
		setTrace(m, t)
		return nil, nil
	}
}

// setTrace writes headers that are not what they should be.
func setTrace(m *rpc.Message, t Trace) {
	if !validState(t.State) { // of a program's WithTrace
		t.State = ""
	}
	if parent := t.Traceparent(); m.Headers[Traceparent] != parent {
		m.SetHeader(Traceparent, parent)
	}
	state, had := m.Headers[Tracestate]
	switch {
	case t.State != "" && state != t.State:
		m.SetHeader(Tracestate, t.State)
	case t.State == "" && had:
		m.Headers = maps.Clone(m.Headers)
		delete(m.Headers, Tracestate)
	}
}

type traceKey struct{}

// A placed is a trace in a ctx, with the traceparent of the message that the ctx was handling then: in the handler of another message it
// does not count.
type placed struct {
	trace Trace
	under string
}

// WithTrace returns a context whose calls belong to t, in the place of the trace that ctx has: for the trace of an HTTP request, or for spans of your own.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, placed{t, rpc.Headers(ctx)[Traceparent]})
}

// TraceFrom returns the trace that ctx belongs to: that of WithTrace, or that of the message that is being handled. It is false if there is none.
func TraceFrom(ctx context.Context) (Trace, bool) {
	headers := rpc.Headers(ctx)
	if p, ok := ctx.Value(traceKey{}).(placed); ok && p.under == headers[Traceparent] {
		return p.trace, !p.trace.IsZero()
	}
	return traceOf(headers)
}

// traceOf reads headers; false if there is no valid trace in them.
func traceOf(headers map[string]string) (Trace, bool) {
	text, has := headers[Traceparent]
	if !has {
		return Trace{}, false
	}
	t, err := ParseTraceparent(text)
	if err != nil {
		return Trace{}, false
	}
	if state := headers[Tracestate]; validState(state) {
		t.State = state
	}
	return t, true
}
