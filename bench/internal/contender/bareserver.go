package contender

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"time"
)

func serveBare() error {
	return serveEach(func(conn net.Conn) {
		defer conn.Close()
		purpose := make([]byte, 1)
		if _, err := io.ReadFull(conn, purpose); err != nil {
			return
		}
		c := newBareConn(conn)
		serve := map[byte]func(*bareConn) error{
			forEcho: (*bareConn).echo, forTell: (*bareConn).told, forDown: (*bareConn).down, forUp: (*bareConn).up, forDrive: (*bareConn).drive,
		}[purpose[0]]
		if serve != nil {
			_ = serve(c) // what went wrong is seen by the caller, whose connection ends
		}
	})
}

func (c *bareConn) echo() error {
	for {
		data, err := c.receive()
		if err == nil {
			err = c.send(data)
		}
		if err != nil {
			return err
		}
	}
}

// told reads frames and answers only empty ones.
func (c *bareConn) told() error {
	in, length := bufio.NewReaderSize(c.Conn, 64<<10), make([]byte, prefix)
	for {
		if _, err := io.ReadFull(in, length); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(length))
		if _, err := in.Discard(n); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if err := c.send(nil); err != nil {
			return err
		}
	}
}

func (c *bareConn) down() error {
	n, err := c.numbers(2)
	if err != nil {
		return err
	}
	return pour(c.Conn, n[0], n[1])
}

func (c *bareConn) up() error {
	n, err := c.numbers(2)
	if err != nil {
		return err
	}
	if err := c.send(nil); err != nil {
		return err
	}
	read, err := drain(c.Conn, n[0], n[1])
	if err != nil {
		return err
	}
	return c.ask(read)
}

func (c *bareConn) drive() error {
	n, err := c.numbers(2)
	if err != nil {
		return err
	}
	call := func(data []byte) error {
		if err := c.send(data); err != nil {
			return err
		}
		_, err := c.receive()
		return err
	}
	driven, err := drive(Drive{For: time.Duration(n[0]), Size: int(n[1])}, call)
	if err != nil {
		return err
	}
	if err := call(nil); err != nil {
		return err
	}
	return c.ask(int64(driven.Calls), int64(driven.Median))
}
