package fakehost

import (
	"net"
	"sync"

	"github.com/go-hotplug/hotplug/internal/pipe"
)

// backlog is how many connections may wait to be accepted.
const backlog = 64

// A Listener is a listener without a socket.
type Listener struct {
	conns  chan net.Conn // Dial sends, Accept receives; as long as a backlog
	closed chan struct{} // closed by the first Close
	once   sync.Once
}

// NewListener makes one that listens.
func NewListener() *Listener {
	return &Listener{conns: make(chan net.Conn, backlog), closed: make(chan struct{})}
}

// Dial makes a connection, which waits until it is accepted, and returns its other end.
func (l *Listener) Dial() net.Conn {
	here, there := pipe.New(0)
	l.conns <- there
	return here
}

// Waiting is how many connections have not been accepted.
func (l *Listener) Waiting() int { return len(l.conns) }

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }
