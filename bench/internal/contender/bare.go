package contender

import (
	"context"
	"io"
	"net"
	"time"
)

// A bare is the floor: frames with a length prefix over a Unix socket, one call at a time on each connection, and a connection for each
// caller that calls while others do. Nothing is encoded, checked or named.
type bare struct {
	*process

	idle   idle[*bareConn]
	teller *bareConn // of Tell; nil before the first
	order  []byte
}

// The first byte on a connection says what it is for.
const (
	forEcho  = 'e'
	forTell  = 't'
	forDown  = 'd'
	forUp    = 'u'
	forDrive = 'c'
)

func openBare(ctx context.Context) (Contender, error) {
	data, err := orderBytes()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(ctx, Bare)
	if err != nil {
		return nil, err
	}
	return &bare{process: p, order: data}, nil
}

func (b *bare) connect(purpose byte) (*bareConn, error) {
	conn, err := b.dial()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte{purpose}); err != nil {
		conn.Close()
		return nil, err
	}
	return newBareConn(conn), nil
}

func (b *bare) dialEcho() (*bareConn, error) { return b.connect(forEcho) }

func (b *bare) Echo(_ context.Context, data []byte) ([]byte, error) {
	c, err := b.idle.take(b.dialEcho)
	if err == nil {
		err = c.send(data)
	}
	if err != nil {
		return nil, err
	}
	reply, err := c.receive()
	if err == nil {
		b.idle.give(c)
	}
	return reply, err
}

// Place has the order's bytes go and come back: they are neither encoded nor decoded.
func (b *bare) Place(ctx context.Context) error {
	_, err := b.Echo(ctx, b.order)
	return err
}

func (b *bare) Tell(_ context.Context, data []byte) (err error) {
	if b.teller == nil {
		if b.teller, err = b.connect(forTell); err != nil {
			return err
		}
	}
	return b.teller.send(data)
}

// Settle sends an empty frame, which is answered when all before it are read.
func (b *bare) Settle(context.Context) error {
	err := b.teller.send(nil)
	if err == nil {
		_, err = b.teller.receive()
	}
	return err
}

func (b *bare) Down(_ context.Context, total, chunk int64) (int64, error) {
	c, err := b.connect(forDown)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.ask(total, chunk); err != nil {
		return 0, err
	}
	return drain(c.Conn, total, chunk)
}

func (b *bare) Up(_ context.Context, total, chunk int64) (int64, error) {
	c, err := b.connect(forUp)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.ask(total, chunk); err != nil {
		return 0, err
	}
	if _, err := c.receive(); err != nil { // ready: what follows has no frames
		return 0, err
	}
	if err := pour(c.Conn, total, chunk); err != nil {
		return 0, err
	}
	n, err := c.numbers(1)
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// Drive echoes what the process sends, until an empty frame.
func (b *bare) Drive(_ context.Context, d Drive) (Driven, error) {
	c, err := b.connect(forDrive)
	if err != nil {
		return Driven{}, err
	}
	defer c.Close()
	if err := c.ask(int64(d.For), int64(d.Size)); err != nil {
		return Driven{}, err
	}
	for {
		data, err := c.receive()
		if err != nil {
			return Driven{}, err
		}
		if err := c.send(data); err != nil {
			return Driven{}, err
		}
		if len(data) == 0 {
			break
		}
	}
	n, err := c.numbers(2)
	if err != nil {
		return Driven{}, err
	}
	return Driven{Calls: int(n[0]), Median: time.Duration(n[1])}, nil
}

func (b *bare) Close() error {
	for _, c := range b.idle.free {
		c.Close()
	}
	if b.teller != nil {
		b.teller.Close()
	}
	return b.process.Close()
}

// pour writes so many bytes in chunks.
func pour(to net.Conn, total, chunk int64) error {
	buffer := make([]byte, chunk)
	for left := total; left > 0; left -= chunk {
		if _, err := to.Write(buffer[:min(left, chunk)]); err != nil {
			return err
		}
	}
	return nil
}

// drain reads so many bytes, at most a chunk at once.
func drain(from net.Conn, total, chunk int64) (read int64, err error) {
	buffer := make([]byte, chunk)
	for read < total && err == nil {
		var n int
		n, err = from.Read(buffer[:min(total-read, chunk)])
		read += int64(n)
	}
	if err == io.EOF && read == total {
		err = nil
	}
	return read, err
}
