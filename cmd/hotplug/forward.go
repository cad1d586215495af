package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// A forward is a message that this host answers by calling a plugin.
type forward struct {
	relay
	plugin string
}

func parseForwards(texts []string) ([]forward, error) {
	var out []forward
	seen := map[string]bool{}
	for _, t := range texts {
		what, plugin, ok := strings.Cut(t, "=")
		r, err := parseRelay(what)
		switch {
		case err != nil:
			return nil, err
		case !ok || r.name == "" || plugin == "":
			return nil, fmt.Errorf("--forward: found %q, want MESSAGE=PLUGIN, such as highlight.highlight=highlight", t)
		case strings.HasPrefix(r.name, rpc.ReservedPrefix):
			return nil, fmt.Errorf("--forward: message %q begins with %q, which the protocol keeps for itself", r.name, rpc.ReservedPrefix)
		case seen[r.name]:
			return nil, fmt.Errorf("--forward: message %q is forwarded twice, want one plugin for each message", r.name)
		}
		seen[r.name] = true
		out = append(out, forward{r, plugin})
	}
	return out, nil
}

// kinds are what may stand in front of a forwarded message, with a colon.
var kinds = []string{"method", "query", "notice", "stream", "upload", "duplex"}

// parseRelay reads MESSAGE or KIND:MESSAGE. A colon behind anything else belongs to the name, unless it looks like a slip of the finger.
func parseRelay(text string) (relay, error) {
	kind, name, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return relay{name: text}, nil
	case slices.Contains(kinds, kind):
		return relay{name, rpc.Kind(kind)}, nil
	}
	if near := nearest.Name(kind, kinds); near != "" {
		return relay{}, fmt.Errorf("--forward: found %q, which is no kind of message: did you mean %q?", kind, near)
	}
	return relay{name: text}, nil
}

// installed refuses a forward to a plugin that is not there: its callers would learn it one call at a time.
func installed(reg *registry.Registry, forwards []forward) error {
	for _, f := range forwards {
		if _, ok := reg.Find(f.plugin); !ok {
			return exitf(exitUnavailable, "--forward %s=%s: %s", f.name, f.plugin, reg.Explain(f.plugin))
		}
	}
	return nil
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
