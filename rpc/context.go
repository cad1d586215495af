package rpc

import "context"

type scopeKey struct{}

// Caller returns the other end, for handlers that call back. It stays valid after the handler has returned, and
// across reconnects. It returns nil outside of a handler.
func Caller(ctx context.Context) Peer {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		if s.conn.opt.Caller != nil {
			return s.conn.opt.Caller
		}
		return s.conn
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
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return s.headers
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
	s, ok := ctx.Value(scopeKey{}).(*scope)
	return ok && s.conn == c
}
