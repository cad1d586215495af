package rpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Handler answers one message of a contract. Method.Handle and its like make one.
type Handler struct {
	use Use
	run func(ctx context.Context, in *inbound) (any, error)
}

// Use states what the handler answers.
func (h Handler) Use() Use { return h.use }

// ReservedPrefix begins the names that the protocol keeps for itself.
const ReservedPrefix = "hotplug."

// A Mux finds handlers by name. It does not change once built.
type Mux struct {
	byName map[string]Handler
	uses   []Use
}

// NewMux collects handlers. It panics on an empty handler, a name that is handled twice, and a name that begins with
// ReservedPrefix: all are bugs in the program.
func NewMux(handlers ...Handler) *Mux {
	m := &Mux{byName: make(map[string]Handler, len(handlers))}
	for _, h := range handlers {
		name := h.use.Name
		if h.run == nil || name == "" {
			panic("rpc: a handler without a name or function: make it with Handle of a message constant")
		}
		if strings.HasPrefix(name, ReservedPrefix) {
			panic(fmt.Sprintf("rpc: message %q: names that begin with %q are the protocol's own", name, ReservedPrefix))
		}
		if _, dup := m.byName[name]; dup {
			panic(fmt.Sprintf("rpc: message %q is handled twice", name))
		}
		m.byName[name] = h
		m.uses = append(m.uses, h.use)
	}
	sort.Slice(m.uses, func(i, j int) bool { return m.uses[i].Name < m.uses[j].Name })
	return m
}

// WithReserved returns m with handlers of the protocol's own names. Uses does not list them.
func (m *Mux) WithReserved(handlers ...Handler) *Mux {
	all := &Mux{byName: maps.Clone(m.byName), uses: m.uses}
	for _, h := range handlers {
		all.byName[h.use.Name] = h
	}
	return all
}

// names are those that are handled, reserved ones included.
func (m *Mux) names() []string { return slices.Collect(maps.Keys(m.byName)) }

// Uses lists what is handled, by name.
func (m *Mux) Uses() []Use { return m.uses }

// find returns the handler of a message that was sent as a notice, a stream, an upload or a duplex; empty: as a plain request.
func (m *Mux) find(name string, sent Kind) (Handler, error) {
	h, ok := m.byName[name]
	if !ok {
		return h, unimplemented(name, m.uses)
	}
	want := h.use.Kind
	if want == KindMethod || want == KindQuery {
		want = ""
	}
	if sent != want {
		if sent == "" {
			sent = "request"
		}
		return h, &Error{Code: Invalid, NotStarted: true, Message: fmt.Sprintf("message %q is %s and was sent as %s", name, wire.Article(string(h.use.Kind)), abridged(wire.Article(string(sent))))}
	}
	return h, nil
}

// abridged is a peer's name as an error text quotes it: looking for the nearest name to one of megabytes takes minutes.
func abridged(name string) string {
	const most = 200
	if len(name) > most {
		return name[:most] + "..."
	}
	return name
}

func unimplemented(name string, uses []Use) *Error {
	names := make([]string, len(uses))
	for i := range uses {
		names[i] = uses[i].Name
	}
	text := fmt.Sprintf("message %q is not handled", abridged(name))
	switch near := nearest.Name(abridged(name), names); {
	case near != "":
		text += fmt.Sprintf(": did you mean %q?", near)
	case len(names) == 0:
		text += ": nothing is"
	default:
		text += ": handled are " + strings.Join(names, ", ")
	}
	return &Error{Code: Unimplemented, NotStarted: true, Message: text}
}
