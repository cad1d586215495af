package rpc

import (
	"context"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Borrowed is bytes that are read where they arrived, and belong to the connection: for large payloads, of which each would otherwise be memory that is made,
// cleared and collected. In a contract it is the same as []byte, and each end chooses by itself. It is valid
//
//   - as what a handler is called with: until the handler returns. What it returns may be the same bytes.
//   - as an item of a stream: until the next item is asked for, or the loop is left.
//   - as the reply of CallFunc: until the function returns. As the reply of Call it is the caller's, as []byte is.
//
// Whoever needs them for longer copies them, with [bytes.Clone]. They may be written to. Where middleware sees them they are copied already, and so they are with a
// serializer that does not carry bytes as they are, as JSON.
type Borrowed []byte

// A lease is the buffer that something borrowed is a part of.
type lease struct{ buf *wire.Buffer }

// end gives the buffer back, if there is one.
func (l *lease) end() {
	if l != nil && l.buf != nil {
		l.buf.Release()
		l.buf = nil
	}
}

// CallFunc is Call for a reply that is Borrowed: fn has it, and it is valid until fn returns. The error of fn is returned as it is.
func (m Method[Req, Res]) CallFunc(ctx context.Context, p Peer, req Req, fn func(Res) error) error {
	return invokeFunc(ctx, p, string(m), KindMethod, req, fn)
}

// CallFunc is Method.CallFunc.
func (q Query[Req, Res]) CallFunc(ctx context.Context, p Peer, req Req, fn func(Res) error) error {
	return invokeFunc(ctx, p, string(q), KindQuery, req, fn)
}

func invokeFunc[Req, Res any](ctx context.Context, p Peer, name string, kind Kind, req Req, fn func(Res) error) error {
	x := &struct { // one allocation, not three
		m     Message
		res   Res
		lease lease
	}{m: Message{Kind: kind, Type: name, Payload: req, types: pair[Req, Res]{}}}
	x.m.lease = &x.lease
	defer x.lease.end()
	if err := p.Invoke(ctx, &x.m, &x.res); err != nil {
		return err
	}
	return fn(x.res)
}
