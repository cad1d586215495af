package wire

import (
	"io"
	"net"
)

// A Stream is a connection and the reader that the handshake used: what it read too much of is not lost.
type Stream struct {
	net.Conn
	Reader *Reader
}

// NewStream prepares a connection for the handshake.
func NewStream(c net.Conn) *Stream { return &Stream{Conn: c, Reader: NewReader(c)} }

// ReaderOf returns the reader of a Stream, or a new one for any other reader.
func ReaderOf(r io.Reader) *Reader {
	if s, ok := r.(*Stream); ok {
		return s.Reader
	}
	return NewReader(r)
}
