package contender

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
)

// A bare is the floor: frames with a length prefix over a Unix socket, one call at a time on each connection, a connection for each
// caller that calls while others do. Nothing is encoded, checked or named.
type bare struct {
	*process

	mu   sync.Mutex // guards idle; not held while calling
	idle []*bareConn
}

// A bareConn is one connection, used by one goroutine at a time.
type bareConn struct {
	net.Conn
	out, in []byte
}

const prefix = 4 // bytes of a frame's length

func openBare(ctx context.Context) (Contender, error) {
	p, err := startProcess(ctx, Bare)
	if err != nil {
		return nil, err
	}
	return &bare{process: p}, nil
}

func (b *bare) Echo(_ context.Context, data []byte) ([]byte, error) {
	c, err := b.take()
	if err != nil {
		return nil, err
	}
	if err := c.send(data); err != nil {
		return nil, err
	}
	reply, err := c.receive()
	if err == nil {
		b.give(c)
	}
	return reply, err
}

func (b *bare) take() (*bareConn, error) {
	b.mu.Lock()
	if n := len(b.idle); n > 0 {
		c := b.idle[n-1]
		b.idle = b.idle[:n-1]
		b.mu.Unlock()
		return c, nil
	}
	b.mu.Unlock()
	conn, err := b.dial()
	if err != nil {
		return nil, err
	}
	return &bareConn{Conn: conn}, nil
}

func (b *bare) give(c *bareConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = append(b.idle, c)
}

func (b *bare) Close() error {
	for _, c := range b.idle {
		c.Close()
	}
	return b.process.Close()
}

// send writes a frame at once.
func (c *bareConn) send(data []byte) error {
	c.out = binary.BigEndian.AppendUint32(c.out[:0], uint32(len(data)))
	c.out = append(c.out, data...)
	_, err := c.Write(c.out)
	return err
}

// receive reads a frame, in one read if it fits what was read before. What it returns is valid until the next one.
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

func serveBare() error {
	return serveEach(func(conn net.Conn) {
		c := &bareConn{Conn: conn}
		for {
			data, err := c.receive()
			if err == nil {
				err = c.send(data)
			}
			if err != nil {
				_ = errors.Join(err, c.Close())
				return
			}
		}
	})
}
