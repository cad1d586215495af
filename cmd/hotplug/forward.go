package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// A forward is a message that this host answers by calling a plugin.
type forward struct{ message, plugin string }

func parseForwards(texts []string) ([]forward, error) {
	var out []forward
	seen := map[string]bool{}
	for _, t := range texts {
		message, plugin, ok := strings.Cut(t, "=")
		switch {
		case !ok || message == "" || plugin == "":
			return nil, fmt.Errorf("--forward: found %q, want MESSAGE=PLUGIN, such as highlight.highlight=highlight", t)
		case strings.HasPrefix(message, rpc.ReservedPrefix):
			return nil, fmt.Errorf("--forward: message %q begins with %q, which the protocol keeps for itself", message, rpc.ReservedPrefix)
		case seen[message]:
			return nil, fmt.Errorf("--forward: message %q is forwarded twice, want one plugin for each message", message)
		}
		seen[message] = true
		out = append(out, forward{message, plugin})
	}
	return out, nil
}

// installed refuses a forward to a plugin that is not there: its callers would learn it one call at a time.
func installed(reg *registry.Registry, forwards []forward) error {
	for _, f := range forwards {
		if _, ok := reg.Find(f.plugin); !ok {
			return exitf(exitUnavailable, "--forward %s=%s: %s", f.message, f.plugin, reg.Explain(f.plugin))
		}
	}
	return nil
}

// A relay is a message of types that this program does not know. It is offered as a query, which those may call who know it as
// a method, and called as a method, which a plugin may handle as a query: so either kind passes through.
type relay string

// stating is a peer that says what it handles, once it is ready.
type stating interface {
	Ready(ctx context.Context) error
	Handles() []rpc.Use
}

var _ stating = (*host.Plugin)(nil)

func (r relay) Handle(fn func(context.Context, any) (any, error)) rpc.Handler {
	return rpc.Query[any, any](r).Handle(fn)
}

func (r relay) Use() rpc.Use { return rpc.Query[any, any](r).Use() }

// Relay implements rpc.Relayable.
func (r relay) Relay(to func(context.Context) (rpc.Peer, error)) rpc.Handler {
	return rpc.RelayCall(r, to)
}

// Call gives values the types that the plugin states: decoded without them, a float32 has become a float64, which does not go back.
func (r relay) Call(ctx context.Context, p rpc.Peer, req any) (any, error) {
	use := rpc.Use{}
	if plugin, ok := p.(stating); ok && plugin.Ready(ctx) == nil {
		use, _ = find(plugin.Handles(), string(r))
	}
	res, err := rpc.Method[any, any](r).Call(ctx, p, retyped(use.Payload, req))
	if err != nil {
		return nil, err
	}
	return retyped(use.Reply, res), nil
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

// find is the use of a name.
func find(uses []rpc.Use, name string) (rpc.Use, bool) {
	for _, u := range uses {
		if u.Name == name {
			return u, true
		}
	}
	return rpc.Use{}, false
}
