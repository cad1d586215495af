package host

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// bindSocket is a seam.Binder.
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

// dialSocket is a seam.Dialer.
func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}
