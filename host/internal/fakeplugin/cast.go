package fakeplugin

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"

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
	waiting map[string]net.Conn  // first connections, by socket path
	running map[string]*Launched // by socket path
	ends    []net.Conn           // the plugins' ends of all connections
}

// NewCast makes an empty one.
func NewCast() *Cast {
	c := &Cast{plugins: map[string]*Plugin{}, waiting: map[string]net.Conn{}, running: map[string]*Launched{}}
	c.Starter = proctest.New(c.run)
	return c
}

// Processes is what the host launches instead of processes.
func (c *Cast) Processes() seam.Processes {
	return seam.Processes{Starter: c.Starter, Bind: c.bind, Dial: c.dial}
}

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
	return slices.Clone(c.ends)
}

// bind is a seam.Binder: a pipe instead of a socket.
func (c *Cast) bind(path string) (net.Conn, *os.File, error) {
	here, there := pipe.New(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[path] = there
	c.ends = append(c.ends, there)
	return here, nil, nil
}

// dial is a seam.Dialer: another pipe, which the process of that socket accepts.
func (c *Cast) dial(_ context.Context, path string) (net.Conn, error) {
	here, there := pipe.New(0)
	c.mu.Lock()
	l := c.running[path]
	c.ends = append(c.ends, there)
	c.mu.Unlock()
	if l == nil || !l.offer(there) {
		return nil, fmt.Errorf("dial %s: %w", path, syscall.ECONNREFUSED)
	}
	return here, nil
}

// run is every process.
func (c *Cast) run(child *proctest.Child) int {
	s, err := wire.ParseStartup(child.Spec.Startup)
	if err != nil {
		return exitData
	}
	l := newLaunched(child, s)
	c.mu.Lock()
	p, conn := c.plugins[s.Plugin.Name], c.waiting[s.Socket]
	delete(c.waiting, s.Socket)
	c.running[s.Socket] = l
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.running, s.Socket)
		c.mu.Unlock()
	}()
	stop := context.AfterFunc(child.Context(), l.closeAll) // a process that has ended has no sockets
	defer l.sessions.Wait()
	defer l.closeAll()
	defer stop()
	return p.live(l, l.take(conn))
}
