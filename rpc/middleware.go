package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"

	"github.com/go-hotplug/hotplug/codec"
)

// A Direction says which way a message goes, as seen from the end that the middleware is installed on.
type Direction string

const (
	Outgoing Direction = "outgoing" // before it is encoded, in the goroutine that sends it
	Incoming Direction = "incoming" // before it is decoded, in the goroutine that will decode it
)

// A Middleware sees every message of a connection: requests, notices, items of streams, replies and errors, in both directions. It returns the message to go on
// with, or nil for the one that it was given. Its error fails that message alone: the caller gets it as
// "middleware (outgoing): ..." or "middleware (incoming): ...", with its code.
//
// Middlewares run in their order, left to right, in either direction; they never run in the goroutine that reads the connection, may block, and may be
// called concurrently.
type Middleware func(ctx context.Context, m *Message, d Direction) (*Message, error)

// Decode reads the payload into v, a non-nil pointer: of an incoming message from its bytes, of an outgoing one from the Go value. The
// payload stays as it is.
func (m *Message) Decode(v any) error {
	if m.arrived != nil && !m.replaced {
		return m.arrived.decode(v)
	}
	return assign(v, m.Payload, m.serializer)
}

// Replace puts v in the payload's place. It need not be of the type that the handler takes, or the caller expects, if it has the same fields.
func (m *Message) Replace(v any) { m.Payload, m.replaced = v, true }

// SetHeader sets what travels beside the payload of a request or notice.
func (m *Message) SetHeader(key, value string) {
	m.Headers = maps.Clone(m.Headers)
	if m.Headers == nil {
		m.Headers = make(map[string]string, 1)
	}
	m.Headers[key] = value
}

// assign puts value into what v points to, by way of the serializer if the types differ.
func assign(v, value any, s codec.Serializer) error {
	target, source := reflect.ValueOf(v), reflect.ValueOf(value)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("decode into %T: a non-nil pointer is needed", v)
	}
	if !source.IsValid() {
		target.Elem().SetZero()
		return nil
	}
	if source.Type().AssignableTo(target.Elem().Type()) {
		target.Elem().Set(source)
		return nil
	}
	b, err := s.Marshal(value)
	if err != nil {
		return err
	}
	return s.Unmarshal(b, v)
}

// pass sends a message through the middleware.
func (c *Conn) pass(ctx context.Context, m *Message, d Direction) (*Message, error) {
	m.serializer = c.opt.Serializer
	reply, call := m.Reply, m.Call
	for _, mw := range c.opt.Middleware {
		next, err := c.step(ctx, mw, m, d)
		if err != nil {
			return nil, Errorf(CodeOf(err), "middleware (%s): %w", d, err)
		}
		if next != nil && next != m {
			m = next.inPlaceOf(m)
		}
		m.Reply, m.Call = reply, call // they say what the message is, and are nobody's to change
	}
	return m, nil
}

// inPlaceOf completes a message that a middleware made itself.
func (m *Message) inPlaceOf(old *Message) *Message {
	if m.Payload == nil && !m.replaced {
		m.arrived, m.Payload = old.arrived, old.Payload
	} else {
		m.replaced = true
	}
	m.serializer, m.types = old.serializer, old.types
	return m
}

func (c *Conn) step(ctx context.Context, mw Middleware, m *Message, d Direction) (next *Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			next, err = nil, Errorf(Internal, "panic: %v", p)
		}
	}()
	return mw(ctx, m, d)
}

// outgoing passes what is about to be sent: a message that begin has made, if there is middleware.
func (c *Conn) outgoing(ctx context.Context, m *Message) (*Message, error) {
	if len(c.opt.Middleware) == 0 {
		return m, nil
	}
	next, err := c.pass(ctx, m, Outgoing)
	if err != nil {
		return nil, unsentError(err)
	}
	return next, nil
}

// incoming passes a request or notice before its handler decodes it.
func (c *Conn) incoming(ctx context.Context, in *inbound) error {
	if len(c.opt.Middleware) == 0 {
		return nil
	}
	m, err := c.pass(ctx, &Message{
		Kind: in.kind, Type: in.frame.Type, Headers: in.scope.headers, Call: in.call,
		arrived: &arrival{c.format, &in.frame},
	}, Incoming)
	if err != nil {
		return err
	}
	in.scope.headers = m.Headers
	if m.replaced {
		in.replacement = m
	}
	return nil
}

// answering passes the result or error of a handler.
func (c *Conn) answering(ctx context.Context, in *inbound, out *outcome) {
	if len(c.opt.Middleware) == 0 {
		return
	}
	m := &Message{Kind: in.kind, Type: in.frame.Type, Reply: true, Payload: out.res, Call: in.call}
	in.call.Replied = true
	if out.err != nil {
		m.Err = c.record(in, out.err)
	}
	m, err := c.pass(ctx, m, Outgoing)
	switch {
	case err != nil:
		*out = outcome{err: c.record(in, err)}
	case m.Err != nil:
		*out = outcome{err: c.record(in, m.Err)}
	default:
		*out = outcome{res: m.Payload}
	}
}

// answered passes the reply to a call, before it is decoded. failed is the error that the peer answered; nil for a result.
func (c *Conn) answered(ctx context.Context, m *Message, p *pending, failed *Error, reply any) error {
	r := &Message{Kind: m.Kind, Type: m.Type, Reply: true, Err: failed, Call: m.Call}
	m.Call.Replied = true
	if failed == nil {
		r.arrived = &arrival{c.format, &p.frame}
	}
	r, err := c.pass(ctx, r, Incoming)
	if err != nil {
		return err
	}
	if r.Err != nil {
		return r.Err
	}
	if failed != nil && !r.replaced {
		return &Error{Code: Internal, Message: m.Type + ": a middleware took the error away and put no result in its place", Origin: FromTransport}
	}
	return c.badReply(m, r.Decode(reply))
}

// unsentError marks an error as that of a message that never left.
func unsentError(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return NotSent(CodeOf(err), "%w", err)
	}
	marked := *e
	marked.unsent, marked.Origin = true, FromTransport
	return &marked
}
