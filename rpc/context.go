package rpc

import "context"

type inboundKey struct{}

// Caller returns the other end, for handlers that call back. It stays valid after the handler has returned, and
// across reconnects. It returns nil outside of a handler.
func Caller(ctx context.Context) Peer {
	if in, ok := ctx.Value(inboundKey{}).(*inbound); ok {
		if in.conn.opt.Caller != nil {
			return in.conn.opt.Caller
		}
		return in.conn
	}
	p, _ := ctx.Value(callerKey{}).(Peer)
	return p
}

type callerKey struct{}

// WithCaller returns a context in which Caller returns p: for hooks and tests, which run outside of a handler.
func WithCaller(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

// Headers returns what travelled beside the payload of the message that ctx is handling; nil if there is nothing. It must not be changed.
func Headers(ctx context.Context) map[string]string {
	if in, ok := ctx.Value(inboundKey{}).(*inbound); ok {
		return in.frame.Meta.Headers
	}
	return nil
}

// rank is the rank of what ctx sends.
func (c *Conn) rank(ctx context.Context) rank {
	if c.nested(ctx) {
		return nested
	}
	return root
}

// nested reports whether ctx belongs to a handler that runs on this connection.
func (c *Conn) nested(ctx context.Context) bool {
	in, ok := ctx.Value(inboundKey{}).(*inbound)
	return ok && in.conn == c
}
