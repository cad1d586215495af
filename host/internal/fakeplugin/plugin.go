package fakeplugin

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Plugin is what runs whenever the plugin of its name is launched. The zero value answers nothing, and leaves when it is asked to.
type Plugin struct {
	Handlers   []rpc.Handler
	Uses       []rpc.Use
	Middleware []rpc.Middleware

	Instead func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int // of everything
	Begun   func(*wire.Startup, *wire.HostHello)
	Answer  func(*wire.PluginHello) // changes its line of the handshake
	Serving func(*rpc.Conn)         // of each connection
	Told    func(what string)       // "goodbye", "park", "SIGTERM", "SIGKILL"

	// The hooks, as package plugin has them; each that is set is stated as a feature.
	Start, Release, Resume, Health func(context.Context) error
	Configure                      func(context.Context, json.RawMessage) error
	Snapshot                       func(context.Context) (lifecycle.State, error)
	Restore                        func(context.Context, lifecycle.State) error
	Stop                           func()

	NoPark bool // does not state that it can be parked: a goodbye that says so is a stop

	Inflight int // calls that it takes at once; 0: as many as its host says

	Deaf    bool // hears no goodbye
	Defiant bool // and no SIGTERM

	mu   sync.Mutex // guards last
	last *Launched  // the latest
}

// Exit codes, as package plugin has them.
const (
	exitData     = 65
	exitSoftware = 70
	exitConfig   = 78
	exitTerm     = 128 + 15
	exitKill     = 128 + 9
)

// Hello is its line of the handshake.
func (p *Plugin) Hello(s *wire.Startup) *wire.PluginHello {
	h := &wire.PluginHello{
		Hotplug: wire.Version, Serializer: s.Serializer, Answer: s.Answer, Handles: rpc.Records(rpc.NewMux(p.Handlers...).Uses()), Uses: rpc.Records(p.Uses),
	}
	for _, f := range p.abilities() {
		h.Features = append(h.Features, f.feature)
	}
	if !p.NoPark {
		h.Features = append(h.Features, lifecycle.FeaturePark)
	}
	return h
}

// An ability is a hook that is set.
type ability struct {
	feature string
	answer  rpc.Handler
}

func (p *Plugin) abilities() []ability {
	var all []ability
	add := func(set bool, feature string, answer rpc.Handler) {
		if set {
			all = append(all, ability{feature, answer})
		}
	}
	add(p.Start != nil, lifecycle.FeatureStart, lifecycle.Start.Handle(plain(p.Start)))
	add(p.Configure != nil, lifecycle.FeatureConfigure, lifecycle.Configure.Handle(func(ctx context.Context, c lifecycle.Config) (none lifecycle.None, err error) {
		return none, p.Configure(ctx, json.RawMessage(c.JSON))
	}))
	add(p.Restore != nil, lifecycle.FeatureRestore, lifecycle.Restore.Handle(func(ctx context.Context, s lifecycle.State) (none lifecycle.None, err error) {
		return none, p.Restore(ctx, s)
	}))
	add(p.Health != nil, lifecycle.FeatureHealth, lifecycle.Health.Handle(plain(p.Health)))
	add(p.Snapshot != nil, lifecycle.FeatureSnapshot, lifecycle.Snapshot.Handle(func(ctx context.Context, _ lifecycle.None) (lifecycle.State, error) {
		return p.Snapshot(ctx)
	}))
	add(p.Release != nil, lifecycle.FeatureRelease, lifecycle.Release.Handle(plain(p.Release)))
	add(p.Resume != nil, lifecycle.FeatureResume, lifecycle.Resume.Handle(plain(p.Resume)))
	return all
}

// plain is a hook that is told nothing.
func plain(hook func(context.Context) error) func(context.Context, lifecycle.None) (lifecycle.None, error) {
	return func(ctx context.Context, none lifecycle.None) (lifecycle.None, error) { return none, hook(ctx) }
}

func (p *Plugin) mux() *rpc.Mux {
	var own []rpc.Handler
	for _, a := range p.abilities() {
		own = append(own, a.answer)
	}
	return rpc.NewMux(p.Handlers...).WithReserved(own...)
}

func (p *Plugin) told(what string) {
	if p.Told != nil {
		p.Told(what)
	}
}
