package contender

import (
	"encoding/binary"
	"io"
	"net"
)

// A bareConn is one connection, used by one goroutine at a time. Frames have a length prefix.
type bareConn struct {
	net.Conn
	out, in []byte
}

const (
	prefix = 4        // bytes of a frame's length
	copied = 16 << 10 // frames up to this are copied behind their length, longer ones are written beside it
)

// newBareConn gives the connection buffers in the kernel as large as hotplug's.
func newBareConn(conn net.Conn) *bareConn {
	if s, ok := conn.(*net.UnixConn); ok {
		_, _ = s.SetReadBuffer(socketBuffer), s.SetWriteBuffer(socketBuffer)
	}
	return &bareConn{Conn: conn}
}

// socketBuffer is what hotplug asks for, in bytes.
const socketBuffer = 1 << 20

// send writes a frame at once.
func (c *bareConn) send(data []byte) error {
	c.out = binary.BigEndian.AppendUint32(c.out[:0], uint32(len(data)))
	if len(data) > copied {
		pieces := net.Buffers{c.out, data}
		_, err := pieces.WriteTo(c.Conn)
		return err
	}
	c.out = append(c.out, data...)
	_, err := c.Write(c.out)
	return err
}

// receive reads a frame, in one read if it fits what was read before; no other may follow it before it is answered. What it returns
// is valid until the next one.
func (c *bareConn) receive() ([]byte, error) {
	if c.in == nil {
		c.in = make([]byte, 4<<10)
	}
	n, err := io.ReadAtLeast(c.Conn, c.in, prefix)
	if err != nil {
		return nil, err
	}
	size := prefix + int(binary.BigEndian.Uint32(c.in))
	if size > len(c.in) {
		c.in = append(c.in, make([]byte, size-len(c.in))...)
	}
	if n < size {
		_, err = io.ReadFull(c.Conn, c.in[n:size])
	}
	return c.in[prefix:size], err
}

// ask sends a frame of numbers.
func (c *bareConn) ask(numbers ...int64) error { return c.send(packed(numbers...)) }

// numbers reads a frame of n numbers.
func (c *bareConn) numbers(n int) ([]int64, error) {
	data, err := c.receive()
	if err == nil && len(data) != 8*n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return unpacked(data), nil
}

func packed(numbers ...int64) (data []byte) {
	for _, n := range numbers {
		data = binary.BigEndian.AppendUint64(data, uint64(n))
	}
	return data
}

func unpacked(data []byte) (numbers []int64) {
	for ; len(data) >= 8; data = data[8:] {
		numbers = append(numbers, int64(binary.BigEndian.Uint64(data)))
	}
	return numbers
}
