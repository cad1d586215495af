package fakeplugin

import (
	"net"
	"sync"
)

// A freezer stands a process still: whoever waits for it goes on when the process thaws.
type freezer struct {
	mu   sync.Mutex    // guards open
	open chan struct{} // closed while it is; a frozen one has a new channel
}

func newFreezer() *freezer {
	f := &freezer{open: make(chan struct{})}
	close(f.open)
	return f
}

func (f *freezer) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.open:
		f.open = make(chan struct{})
	default:
	}
}

func (f *freezer) thaw() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.open:
	default:
		close(f.open)
	}
}

// pass waits until the process runs, or over is closed.
func (f *freezer) pass(over <-chan struct{}) {
	f.mu.Lock()
	open := f.open
	f.mu.Unlock()
	select {
	case <-open:
	case <-over:
	}
}

// A gate is a connection that a frozen process has: what is read and written waits until it thaws.
type gate struct {
	net.Conn
	freezer *freezer
	over    chan struct{} // closed by the first Close
	once    sync.Once
}

func newGate(c net.Conn, f *freezer) *gate {
	return &gate{Conn: c, freezer: f, over: make(chan struct{})}
}

// Read implements net.Conn.
func (g *gate) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.freezer.pass(g.over)
	return n, err
}

// Write implements net.Conn.
func (g *gate) Write(b []byte) (int, error) {
	g.freezer.pass(g.over)
	return g.Conn.Write(b)
}

// Close implements net.Conn.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.over) })
	return g.Conn.Close()
}
