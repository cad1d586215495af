package socket

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// A Listener is a control socket that is open.
type Listener struct {
	socket *net.UnixListener
	claim  claim
}

// inUse is why a socket is not opened: a host that runs has it.
type inUse struct {
	path string
	pid  int // 0: not known
}

func (e *inUse) Error() string {
	if e.pid == 0 {
		return fmt.Sprintf("control socket %s: another process hosts this folder already, with the same name", e.path)
	}
	return fmt.Sprintf("control socket %s: process %d hosts this folder already, with the same name", e.path, e.pid)
}

// Listen opens the control socket of a place, and removes sockets that killed hosts left. An error that is ErrInUse says who has it.
func Listen(p Place) (*Listener, error) {
	paths, err := p.paths()
	if err != nil {
		return nil, err
	}
	var refused []error
	for _, path := range paths {
		l, err := listen(path)
		if err == nil || errors.Is(err, ErrInUse) {
			return l, err
		}
		refused = append(refused, err)
	}
	return nil, errors.Join(refused...)
}

// ErrInUse is an error of Listen: a host of this place runs.
var ErrInUse = errors.New("in use")

func (e *inUse) Is(target error) bool { return target == ErrInUse }

func listen(path string) (*Listener, error) {
	c, err := take(path)
	if err != nil {
		return nil, err
	}
	sweep(filepath.Dir(path))
	os.Remove(path) // nobody's: its lock is ours
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		c.release()
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		socket.Close()
		c.release()
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return &Listener{socket, c}, nil
}

// Path is the socket's.
func (l *Listener) Path() string { return l.socket.Addr().String() }

// Accept waits for a connection, on which no handshake was done.
func (l *Listener) Accept() (*net.UnixConn, error) { return l.socket.AcceptUnix() }

// Close ends the waiting, and removes the socket. Connections stay.
func (l *Listener) Close() error {
	err := l.socket.Close()
	l.claim.release()
	return err
}
