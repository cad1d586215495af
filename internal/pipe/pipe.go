package pipe

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// DefaultSize is the buffer of each direction, in bytes, if New is given none.
const DefaultSize = 64 << 10

// New returns the two ends of a pipe. Each direction has a buffer of size bytes; zero or less means
// [DefaultSize]. Both ends have a method CloseWrite() error as well, which ends one direction only.
// An end may be used by many goroutines at once.
func New(size int) (a, b net.Conn) {
	if size <= 0 {
		size = DefaultSize
	}
	there, back := newFlow(size), newFlow(size)
	return &end{in: back, out: there}, &end{in: there, out: back}
}

// end is one of the two connections: it reads from one flow and writes to the other.
type end struct {
	in, out *flow
}

// Read waits until there are bytes, the other end has closed (io.EOF), the read deadline has passed
// (os.ErrDeadlineExceeded) or this end is closed (io.ErrClosedPipe, net.ErrClosed).
func (e *end) Read(p []byte) (int, error) { return e.in.read(p) }

// Write waits until all of p is in the buffer. If it gives up, because of the write deadline or because one of
// the ends was closed (io.ErrClosedPipe; with syscall.EPIPE if it was the other one), it says how much is.
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }

// Close ends both directions and wakes whoever waits on either end. Closing again does nothing.
func (e *end) Close() error {
	e.in.closeReader()
	e.out.closeWriter()
	return nil
}

// CloseWrite ends the outgoing direction: the other end reads what is buffered, then io.EOF.
func (e *end) CloseWrite() error {
	e.out.closeWriter()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return addr{} }
func (e *end) RemoteAddr() net.Addr { return addr{} }

// SetDeadline sets both deadlines; the zero time means none.
func (e *end) SetDeadline(t time.Time) error {
	if err := e.SetReadDeadline(t); err != nil {
		return err
	}
	return e.SetWriteDeadline(t)
}

// SetReadDeadline is for reads to come and for one that waits already.
func (e *end) SetReadDeadline(t time.Time) error { return e.in.setReadDeadline(t) }

// SetWriteDeadline is for writes to come and for one that waits already. After CloseWrite it does nothing.
func (e *end) SetWriteDeadline(t time.Time) error {
	if e.in.readerIsClosed() {
		return errClosed
	}
	e.out.setWriteDeadline(t)
	return nil
}

type addr struct{}

func (addr) Network() string { return "pipe" }
func (addr) String() string  { return "pipe" }

// failure is an error that is several known ones at once, as callers compare with either.
type failure struct {
	text string
	is   []error
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.is }

var (
	errClosed   = &failure{"pipe: use of a connection that this end has closed", []error{io.ErrClosedPipe, net.ErrClosed}}
	errPeerGone = &failure{"pipe: write to a connection that the other end has closed", []error{io.ErrClosedPipe, syscall.EPIPE}}
	errDeadline = os.ErrDeadlineExceeded
)
