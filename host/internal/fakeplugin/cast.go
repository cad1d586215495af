package fakeplugin

import (
	"context"
	"maps"
	"net"
	"os"
	"slices"
	"sync"

	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Cast is the plugins that a host may launch. Its methods may be called concurrently.
type Cast struct {
	Starter *proctest.Starter // starts them

	mu      sync.Mutex // guards all below; never held while calling out
	plugins map[string]*Plugin
	ends    map[string]net.Conn // the plugins' ends, by socket path
}

// NewCast makes an empty one.
func NewCast() *Cast {
	c := &Cast{plugins: map[string]*Plugin{}, ends: map[string]net.Conn{}}
	c.Starter = proctest.New(c.run)
	return c
}

// Processes is what the host launches instead of processes.
func (c *Cast) Processes() seam.Processes { return seam.Processes{Starter: c.Starter, Bind: c.bind} }

// Add says what is launched as the plugin of a name.
func (c *Cast) Add(name string, p *Plugin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugins[name] = p
}

// Ends are the plugins' ends of all connections.
func (c *Cast) Ends() []net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.ends))
}

// bind is a seam.Binder: a pipe instead of a socket.
func (c *Cast) bind(path string) (net.Conn, *os.File, error) {
	here, there := pipe.New(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends[path] = there
	return here, nil, nil
}

// run is every process.
func (c *Cast) run(child *proctest.Child) int {
	s, err := wire.ParseStartup(child.Spec.Startup)
	if err != nil {
		return exitData
	}
	c.mu.Lock()
	p, conn := c.plugins[s.Plugin.Name], c.ends[s.Socket]
	c.mu.Unlock()
	g := newGate(conn)
	stop := context.AfterFunc(child.Context(), func() { g.Close() }) // a process that has ended has no sockets
	defer stop()
	defer g.Close()
	return p.live(&Launched{child: child, startup: s, stream: wire.NewStream(g), gate: g, serving: make(chan struct{})})
}
