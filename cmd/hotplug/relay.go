package main

import (
	"context"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// A relay is a message of types that this program does not know, and of the kind that its user says; none is a method or a query. It
// implements rpc.Relayable.
type relay struct {
	name string
	kind rpc.Kind
}

// message is the relay as a constant of a contract would be. Whatever has one reply is offered as a query: those may call it who know it as a method.
func (r relay) message() rpc.Relayable {
	switch r.kind {
	case rpc.KindNotice:
		return rpc.Notice[any](r.name)
	case rpc.KindStream:
		return rpc.Stream[any, any](r.name)
	case rpc.KindUpload:
		return rpc.Upload[any, any](r.name)
	case rpc.KindDuplex:
		return rpc.Duplex[any, any](r.name)
	}
	return rpc.Query[any, any](r.name)
}

// Use implements rpc.Relayable.
func (r relay) Use() rpc.Use { return r.message().Use() }

// Relay implements rpc.Relayable.
func (r relay) Relay(to func(context.Context) (rpc.Peer, error)) rpc.Handler {
	return r.message().Relay(func(ctx context.Context) (rpc.Peer, error) {
		p, err := to(ctx)
		if err != nil {
			return nil, err
		}
		return &typing{p, statedBy(ctx, p, r.name)}, nil
	})
}

// stating is a peer that says what it handles, once it is ready.
type stating interface {
	Ready(ctx context.Context) error
	Handles() []rpc.Use
}

var _ stating = (*host.Plugin)(nil)

// statedBy is a message as a peer states it; without types, if it does not.
func statedBy(ctx context.Context, p rpc.Peer, name string) (use rpc.Use) {
	if plugin, ok := p.(stating); ok && plugin.Ready(ctx) == nil {
		use, _ = find(plugin.Handles(), name)
	}
	return use
}

// typing is a peer that is sent one message of a relay. It gives values the types that the peer states: decoded without them, a float32 has
// become a float64, which does not go back.
type typing struct {
	to  rpc.Peer
	use rpc.Use
}

// Invoke calls as a method, which a plugin may handle as a query: so either kind passes through. reply is a *any.
func (t *typing) Invoke(ctx context.Context, m *rpc.Message, reply any) error {
	res, err := rpc.Method[any, any](m.Type).Call(ctx, t.to, retyped(t.use.Payload, m.Payload))
	if err != nil {
		return err
	}
	*reply.(*any) = retyped(t.use.Reply, res)
	return nil
}

// Notify implements rpc.Peer.
func (t *typing) Notify(ctx context.Context, m *rpc.Message) error {
	return t.to.Notify(ctx, t.typed(m))
}

// Open implements rpc.Peer.
func (t *typing) Open(ctx context.Context, m *rpc.Message) (rpc.Flow, error) {
	if !takesItems(m.Kind) { // else the types of the payload are those of the items, and there is none
		m = t.typed(m)
	}
	f, err := t.to.Open(ctx, m)
	if err != nil {
		return nil, err
	}
	return &typingFlow{f, t.use}, nil
}

func (t *typing) typed(m *rpc.Message) *rpc.Message {
	own := *m
	own.Payload = retyped(t.use.Payload, m.Payload)
	return &own
}

// A typingFlow is a flow of a typing peer. What it decodes into is a *any.
type typingFlow struct {
	rpc.Flow
	use rpc.Use
}

// Send implements rpc.Flow.
func (f *typingFlow) Send(item any) error { return f.Flow.Send(retyped(f.use.Payload, item)) }

// Recv implements rpc.Flow.
func (f *typingFlow) Recv(item any) error { return f.decode(item, f.Flow.Recv(item)) }

// Result implements rpc.Flow.
func (f *typingFlow) Result(reply any) error { return f.decode(reply, f.Flow.Result(reply)) }

func (f *typingFlow) decode(v any, err error) error {
	if err == nil {
		p := v.(*any)
		*p = retyped(f.use.Reply, *p)
	}
	return err
}

// retyped is v as a shape says; as it is, if it does not fit: then whoever receives it says so best.
func retyped(s *shape.Shape, v any) any {
	text, err := s.ToJSON(v)
	if err != nil {
		return v
	}
	typed, err := s.FromJSON(text)
	if err != nil {
		return v
	}
	return typed
}
