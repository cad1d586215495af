package fakeplugin

import (
	"context"
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
	Answer  func(*wire.PluginHello)     // changes its line of the handshake
	Start   func(context.Context) error // the Start hook
	Stop    func()                      // the Stop hook
	Serving func(*rpc.Conn)
	Told    func(what string) // "goodbye", "SIGTERM", "SIGKILL"

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

func (p *Plugin) live(l *Launched) int {
	p.mu.Lock()
	p.last = l
	p.mu.Unlock()
	if p.Instead != nil {
		return p.Instead(l.child, l.startup, l.stream)
	}
	hello, err := wire.ReadHostHello(l.stream.Reader)
	if err != nil {
		return exitSoftware
	}
	if p.Begun != nil {
		p.Begun(l.startup, hello)
	}
	answer := p.Hello(l.startup)
	if p.Answer != nil {
		p.Answer(answer)
	}
	if wire.WriteLine(l.stream, answer) != nil || answer.Error != nil {
		return exitConfig
	}
	return p.serve(l, hello)
}

// Hello is its line of the handshake.
func (p *Plugin) Hello(s *wire.Startup) *wire.PluginHello {
	h := &wire.PluginHello{
		Hotplug: wire.Version, Serializer: s.Serializer, Answer: s.Answer, Handles: rpc.Records(rpc.NewMux(p.Handlers...).Uses()), Uses: rpc.Records(p.Uses),
	}
	if p.Start != nil {
		h.Features = []string{lifecycle.FeatureStart}
	}
	return h
}

func (p *Plugin) mux() *rpc.Mux {
	if p.Start == nil {
		return rpc.NewMux(p.Handlers...)
	}
	return rpc.NewMux(p.Handlers...).WithReserved(lifecycle.Start.Handle(func(ctx context.Context, n lifecycle.None) (lifecycle.None, error) {
		return n, p.Start(ctx)
	}))
}

func (p *Plugin) told(what string) {
	if p.Told != nil {
		p.Told(what)
	}
}
