package rpc

import "context"

// A Method is a message with one reply that runs at most once: a constant of a contract, named on the wire by its value.
type Method[Req, Res any] string

// Call sends req to p and returns the reply. It blocks until the reply is there or ctx ends; a ctx
// without a deadline gets the peer's call timeout. Errors are *Error; see Delivered for whether it may have run.
func (m Method[Req, Res]) Call(ctx context.Context, p Peer, req Req) (Res, error) {
	return invoke[Req, Res](ctx, p, string(m), KindMethod, req)
}

// Handle returns a handler that answers this method with fn. fn runs for many calls at once, each in
// another goroutine, and may block; ctx ends with the call. The goroutine runs other calls afterwards: whoever locks its thread unlocks it. An error of fn reaches the caller as an *Error.
func (m Method[Req, Res]) Handle(fn func(ctx context.Context, req Req) (Res, error)) Handler {
	return handle(string(m), KindMethod, fn)
}

// Use states that this method is called, for the handshake to check.
func (m Method[Req, Res]) Use() Use { return useOf[Req, Res](string(m), KindMethod) }

// A Query is a Method that may run more than once: it is asked again when a plugin crashed or
// was replaced while it ran, as a Retrier says.
type Query[Req, Res any] string

// Call is Method.Call.
func (q Query[Req, Res]) Call(ctx context.Context, p Peer, req Req) (Res, error) {
	return invoke[Req, Res](ctx, p, string(q), KindQuery, req)
}

// Handle is Method.Handle.
func (q Query[Req, Res]) Handle(fn func(ctx context.Context, req Req) (Res, error)) Handler {
	return handle(string(q), KindQuery, fn)
}

// Use is Method.Use.
func (q Query[Req, Res]) Use() Use { return useOf[Req, Res](string(q), KindQuery) }

func invoke[Req, Res any](ctx context.Context, p Peer, name string, kind Kind, req Req) (Res, error) {
	x := &struct { // one allocation, not two
		m   Message
		res Res
	}{m: Message{Kind: kind, Type: name, Payload: req, types: pair[Req, Res]{}}}
	if err := p.Invoke(ctx, &x.m, &x.res); err != nil {
		var zero Res
		return zero, err
	}
	return x.res, nil
}

func handle[Req, Res any](name string, kind Kind, fn func(context.Context, Req) (Res, error)) Handler {
	if fn == nil {
		panic("rpc: nil handler for " + name)
	}
	return Handler{use: useOf[Req, Res](name, kind), run: func(ctx context.Context, in *inbound) (any, error) {
		var req Req
		if err := in.decode(&req); err != nil {
			return nil, err
		}
		return fn(ctx, req)
	}}
}

// A Notice is a message without a reply: fire and forget, delivered in order.
type Notice[T any] string

// Send sends v to p. It returns when the notice is on its way, not when it was handled. It blocks while the peer has more
// notices waiting than its window allows, until ctx ends, and then fails with Exhausted; see NoWait, and Conn.Stats for how many the peer has not handled.
func (n Notice[T]) Send(ctx context.Context, p Peer, v T) error {
	return p.Notify(ctx, &Message{Kind: KindNotice, Type: string(n), Payload: v, types: single[T]{}})
}

// Handle returns a handler for this notice. fn runs for one notice of a connection at a time, in the order in which they
// were sent; an error or panic of fn is logged.
func (n Notice[T]) Handle(fn func(ctx context.Context, v T) error) Handler {
	if fn == nil {
		panic("rpc: nil handler for " + string(n))
	}
	return Handler{use: noticeUse[T](string(n), KindNotice), run: func(ctx context.Context, in *inbound) (any, error) {
		var v T
		if err := in.decode(&v); err != nil {
			return nil, err
		}
		return nil, fn(ctx, v)
	}}
}

// Use states that this notice is sent, for the handshake to check.
func (n Notice[T]) Use() Use { return noticeUse[T](string(n), KindNotice) }
