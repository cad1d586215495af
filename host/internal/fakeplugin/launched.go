package fakeplugin

import (
	"fmt"
	"net"
	"sync"

	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// Launched is a process of a Plugin. Its methods may be called concurrently.
type Launched struct {
	child    *proctest.Child
	startup  *wire.Startup
	freezer  *freezer
	dialled  chan net.Conn  // from the host: one to accept; as long as a backlog
	admitted chan *session  // from a handshake: a connection that passed it
	sessions sync.WaitGroup // the goroutines of connections

	serving chan struct{} // closed when there is a first conn
	once    sync.Once

	mu    sync.Mutex // guards all below; never held while calling out
	conn  *rpc.Conn  // the latest
	gates []*gate    // of all connections
	ended bool       // no connection is open any more
}

// backlog is how many connections may wait to be accepted.
const backlog = 8

func newLaunched(child *proctest.Child, s *wire.Startup) *Launched {
	return &Launched{
		child: child, startup: s, freezer: newFreezer(), dialled: make(chan net.Conn, backlog), admitted: make(chan *session), serving: make(chan struct{}),
	}
}

// Launched is the latest process; nil if there was none.
func (p *Plugin) Launched() *Launched {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Active reports whether it has not ended.
func (l *Launched) Active() bool { return l.child.Context().Err() == nil }

// Conn is its end of the latest connection, once one has passed its handshake: until then it waits. Nil if the process has ended before.
func (l *Launched) Conn() *rpc.Conn {
	select {
	case <-l.serving:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.conn
	case <-l.child.Context().Done():
		return nil
	}
}

// Freeze stands it still, as SIGSTOP does: nothing reaches it and nothing of it gets out, and it does not hear SIGTERM. Its handlers go on.
func (l *Launched) Freeze() { l.freezer.freeze() }

// Thaw ends Freeze.
func (l *Launched) Thaw() { l.freezer.thaw() }

// Exit ends it at once with a status, or, if signal is not empty, as that signal would.
func (l *Launched) Exit(code int, signal string, stderr ...string) {
	End(l.child, code, signal, stderr...)
}

// End ends a process at once; see Launched.Exit.
func End(c *proctest.Child, code int, signal string, stderr ...string) {
	for _, line := range stderr {
		fmt.Fprintln(c.Stderr, line)
	}
	if signal != "" {
		c.Die(signal, false)
		return
	}
	c.Exit(code)
}

// Leave says goodbye to the host, before the host does.
func (l *Launched) Leave() {
	if c := l.Conn(); c != nil {
		_ = c.Goodbye(l.child.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop})
	}
}

// take makes a connection its own: it stands still with the process, and ends with it.
func (l *Launched) take(c net.Conn) *wire.Stream {
	g := newGate(c, l.freezer)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		g.Close()
	}
	l.gates = append(l.gates, g)
	return wire.NewStream(g)
}

// offer lets a connection wait to be accepted; false if there is no room, or it has ended.
func (l *Launched) offer(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	select {
	case l.dialled <- c:
		return true
	default:
		return false
	}
}

// closeAll ends all connections.
func (l *Launched) closeAll() {
	l.mu.Lock()
	l.ended = true
	gates := l.gates
	l.mu.Unlock()
	for _, g := range gates {
		g.Close()
	}
	for {
		select {
		case c := <-l.dialled:
			c.Close()
		default:
			return
		}
	}
}

// serves makes a connection the latest.
func (l *Launched) serves(c *rpc.Conn) {
	l.mu.Lock()
	l.conn = c
	l.mu.Unlock()
	l.once.Do(func() { close(l.serving) })
}

// Print writes a line to its stdout, or else its stderr.
func (l *Launched) Print(line string, stdout bool) {
	if stdout {
		fmt.Fprintln(l.child.Stdout, line)
	} else {
		fmt.Fprintln(l.child.Stderr, line)
	}
}
