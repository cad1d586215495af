//go:build unix

package sock

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// A reader reads a Unix socket as its connection does, errors and deadlines included.
type reader struct {
	conn      *net.UnixConn
	raw       syscall.RawConn
	attempted func(fd uintptr) bool // made once: one for each read would be on the heap

	p   []byte
	n   int
	err error
}

// NewReader returns a reader of r that has fewer detours, if r is a Unix socket; else r. One goroutine at a time may use it.
func NewReader(r io.Reader) io.Reader {
	conn, ok := r.(*net.UnixConn)
	if !ok {
		return r
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return r
	}
	own := &reader{conn: conn, raw: raw}
	own.attempted = own.attempt
	return own
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	r.p, r.n, r.err = p, 0, nil
	err := r.raw.Read(r.attempted)
	r.p = nil
	switch {
	case err != nil:
		return 0, named(err)
	case r.err != nil:
		return 0, &net.OpError{Op: "read", Net: "unix", Source: r.conn.LocalAddr(), Addr: r.conn.RemoteAddr(), Err: os.NewSyscallError("read", r.err)}
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}

// attempt has the runtime wait while there is nothing to read.
func (r *reader) attempt(fd uintptr) (done bool) {
	for {
		r.n, r.err = read(int(fd), r.p)
		switch {
		case errors.Is(r.err, syscall.EINTR):
		case errors.Is(r.err, syscall.EAGAIN):
			return false
		default:
			return true
		}
	}
}

// named is an error of the connection as Read gives it.
func named(err error) error {
	var own *net.OpError
	if errors.As(err, &own) && own.Op == "raw-read" {
		own.Op = "read"
	}
	return err
}
