package hosttest

import (
	"context"
	"maps"
	"sync"

	"github.com/go-hotplug/hotplug/host/internal/fakeplugin"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Plugin is what is installed. Only Name is needed.
type Plugin struct {
	Name     string
	Version  string         // empty: 1.0.0
	Manifest map[string]any // more keys of its plugin.json: "requires", "timeouts", "permissions" and the like; not "entry" or "protocol". Without "restart" its policy is never: what crashed stays down
	Handlers []rpc.Handler  // what it answers; rpc.Caller(ctx) is the host
	Uses     []rpc.Use      // what it says that it calls on its host: a host that does not answer it fails the launch

	Start func(ctx context.Context) error // its Start hook: an error fails the launch, waiting is a slow start
	Stop  func()                          // its Stop hook: waiting is a slow end

	// A launch can fail by other means, of which the first that is set counts:
	Crash  *Exit // it ends before it answers the handshake
	Silent bool  // it never answers it: the start time-out passes
	Refuse error // it answers it with this
}

// An Exit is how a process ends.
type Exit struct {
	Code   int      // exit status
	Signal string   // instead of one: "SIGSEGV"
	Stderr []string // the last lines that it writes
}

// member is a Plugin at work.
type member struct {
	*fakeplugin.Plugin

	mu   sync.Mutex // guards seen
	seen []string
}

// engage makes what is launched.
func (p *Plugin) engage() *member {
	m := &member{}
	m.Plugin = &fakeplugin.Plugin{
		Handlers: p.Handlers, Uses: p.Uses, Start: p.Start, Stop: p.Stop, Instead: p.instead(), Answer: p.answer(), Middleware: []rpc.Middleware{m.see},
	}
	return m
}

func (p *Plugin) instead() func(*proctest.Child, *wire.Startup, *wire.Stream) int {
	crash := p.Crash
	switch {
	case crash != nil:
		return func(c *proctest.Child, _ *wire.Startup, _ *wire.Stream) int {
			fakeplugin.End(c, crash.Code, crash.Signal, crash.Stderr...)
			return crash.Code
		}
	case p.Silent:
		return func(c *proctest.Child, _ *wire.Startup, _ *wire.Stream) int {
			<-c.Context().Done()
			return 0 // it was killed
		}
	}
	return nil
}

func (p *Plugin) answer() func(*wire.PluginHello) {
	if p.Refuse == nil {
		return nil
	}
	return func(h *wire.PluginHello) {
		*h = wire.PluginHello{Error: &wire.Refusal{Code: string(rpc.CodeOf(p.Refuse)), Message: p.Refuse.Error()}}
	}
}

// members are its plugin.json.
func (p *Plugin) members() map[string]any {
	m := maps.Clone(p.Manifest)
	if m == nil {
		m = map[string]any{}
	}
	if p.Version != "" {
		m["version"] = p.Version
	}
	if m["restart"] == nil {
		m["restart"] = map[string]any{"policy": "never"}
	}
	return m
}

// see is a middleware that notes which calls and notices arrive.
func (m *member) see(_ context.Context, msg *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
	if d == rpc.Incoming && !msg.Reply && !msg.Item {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.seen = append(m.seen, msg.Type)
	}
	return nil, nil
}
