package rpc

import (
	"context"
	"iter"
)

// A Relayable is a message that can be answered by sending it on: every constant of a contract.
type Relayable interface {
	Use() Use

	// Relay returns a handler that sends the message on to the peer that to returns, and answers what comes back: items and reports of
	// progress, too, as they come. It holds no more of a stream than the windows of the two connections.
	Relay(to func(context.Context) (Peer, error)) Handler
}

// A Callable is a Method or a Query.
type Callable[Req, Res any] interface {
	Call(ctx context.Context, p Peer, req Req) (Res, error)
	Handle(fn func(ctx context.Context, req Req) (Res, error)) Handler
	Use() Use
}

// RelayCall is Relay for whatever is called like a method.
func RelayCall[Req, Res any](m Callable[Req, Res], to func(context.Context) (Peer, error)) Handler {
	return m.Handle(func(ctx context.Context, req Req) (Res, error) {
		p, err := to(ctx)
		if err != nil {
			var none Res
			return none, err
		}
		return m.Call(relaying(ctx), p, req)
	})
}

// relaying returns the context of a call that is made for the one that ctx handles.
func relaying(ctx context.Context) context.Context {
	if s, ok := ctx.Value(scopeKey{}).(*scope); !ok || s.news == nil {
		return ctx
	}
	return OnProgress(ctx, func(p Progress) { Report(ctx, p) })
}

// Relay implements Relayable.
func (m Method[Req, Res]) Relay(to func(context.Context) (Peer, error)) Handler {
	return RelayCall(m, to)
}

// Relay implements Relayable.
func (q Query[Req, Res]) Relay(to func(context.Context) (Peer, error)) Handler {
	return RelayCall(q, to)
}

// Relay implements Relayable.
func (n Notice[T]) Relay(to func(context.Context) (Peer, error)) Handler {
	return n.Handle(func(ctx context.Context, v T) error {
		p, err := to(ctx)
		if err != nil {
			return err
		}
		return n.Send(ctx, p, v)
	})
}

// Relay implements Relayable.
func (s Stream[Req, Item]) Relay(to func(context.Context) (Peer, error)) Handler {
	return s.Handle(func(ctx context.Context, req Req, send func(Item) error) error {
		p, err := to(ctx)
		if err != nil {
			return err
		}
		return sendOn(s.Open(relaying(ctx), p, req), send)
	})
}

// Relay implements Relayable.
func (u Upload[Item, Res]) Relay(to func(context.Context) (Peer, error)) Handler {
	return u.Handle(func(ctx context.Context, items iter.Seq2[Item, error]) (Res, error) {
		p, err := to(ctx)
		if err != nil {
			var none Res
			return none, err
		}
		return u.Call(relaying(ctx), p, items)
	})
}

// Relay implements Relayable.
func (d Duplex[In, Out]) Relay(to func(context.Context) (Peer, error)) Handler {
	return Handler{use: d.Use(), run: func(ctx context.Context, in *inbound) (any, error) {
		in.open()
		p, err := to(ctx)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancelCause(relaying(ctx))
		defer cancel(nil)
		x, err := d.Open(ctx, p)
		if err != nil {
			return nil, err
		}
		defer x.Close()
		return nil, exchange(ctx, cancel, x, itemsIn[In](ctx, in), sender[Out](ctx, in))
	}}
}

// exchange sends items on to x, and what x answers back. items end with ctx.
func exchange[In, Out any](ctx context.Context, cancel context.CancelCauseFunc, x *Exchange[In, Out], items iter.Seq2[In, error], send func(Out) error) error {
	done := make(chan struct{}) // closed by the goroutine, which ends with ctx
	go func() {
		defer close(done)
		if err := sendAll(x.f, items); err != nil {
			cancel(err)
		}
	}()
	err := sendOn(x.Items(), send)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // what ended the call, and not that it has ended
	}
	cancel(nil)
	<-done
	return err
}

// sendOn sends items until there are no more.
func sendOn[Item any](items iter.Seq2[Item, error], send func(Item) error) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		if err := send(item); err != nil {
			return err
		}
	}
	return nil
}
