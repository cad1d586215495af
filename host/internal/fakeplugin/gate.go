package fakeplugin

import (
	"net"
	"sync"
)

// A gate is a connection that a frozen process has: what is read and written waits until it thaws.
type gate struct {
	net.Conn
	over chan struct{} // closed by the first Close
	once sync.Once

	mu   sync.Mutex    // guards open
	open chan struct{} // closed while it is; a frozen one has a new channel
}

func newGate(c net.Conn) *gate {
	g := &gate{Conn: c, over: make(chan struct{}), open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		g.open = make(chan struct{})
	default:
	}
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

// pass waits until the process runs, or has no connection any more.
func (g *gate) pass() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
	case <-g.over:
	}
}

// Read implements net.Conn.
func (g *gate) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.pass()
	return n, err
}

// Write implements net.Conn.
func (g *gate) Write(b []byte) (int, error) {
	g.pass()
	return g.Conn.Write(b)
}

// Close implements net.Conn.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.over) })
	return g.Conn.Close()
}
