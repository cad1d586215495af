//go:build unix

package rpc

import (
	"net"
	"syscall"

	"github.com/go-hotplug/hotplug/internal/sock"
)

// direct writes to a socket what its buffer in the kernel takes at once. One goroutine at a time uses it.
type direct struct {
	raw       syscall.RawConn
	attempted func(fd uintptr) bool // made once: one for each write would be on the heap

	p, tail []byte
	n       int
	err     error
}

// newDirect returns nil if the stream is no socket.
func newDirect(stream net.Conn) *direct {
	socket, ok := bare(stream).(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	d := &direct{raw: raw}
	d.attempted = d.attempt
	return d
}

// write returns how much of b, and of tail behind it, the kernel took; nothing, and no error, if its buffer is full.
func (d *direct) write(b, tail []byte) (int, error) {
	d.p, d.tail, d.n, d.err = b, tail, 0, nil
	if err := d.raw.Write(d.attempted); err != nil {
		return 0, err
	}
	d.p, d.tail = nil, nil
	return d.n, d.err
}

// attempt never has the runtime wait until there is room.
func (d *direct) attempt(fd uintptr) (done bool) {
	for {
		n, err := sock.Write(int(fd), d.p, d.tail)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			d.n, d.err = max(n, 0), err
		}
		return true
	}
}
