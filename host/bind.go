package host

import (
	"fmt"
	"net"
	"os"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// A binder binds a socket for a process to inherit, and dials it: the connection waits in the backlog until the process accepts. Both
// results are nil where no descriptor can be inherited: the process then binds the socket itself.
type binder func(path string) (net.Conn, *os.File, error)

func bindSocket(path string) (net.Conn, *os.File, error) {
	if !proc.Inherits {
		return nil, nil, nil
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	defer l.Close() // before the handshake is awaited: else a process that ends before it accepts goes unnoticed
	stream, file, err := dialAndDup(l, path)
	if err != nil {
		os.Remove(path)
		return nil, nil, err
	}
	return stream, file, nil
}

func dialAndDup(l *net.UnixListener, path string) (net.Conn, *os.File, error) {
	stream, err := net.Dial("unix", path)
	if err != nil {
		return nil, nil, fmt.Errorf("dial %s: %w", path, err)
	}
	file, err := l.File()
	if err != nil {
		stream.Close()
		return nil, nil, fmt.Errorf("socket %s: %w", path, err)
	}
	return stream, file, nil
}
