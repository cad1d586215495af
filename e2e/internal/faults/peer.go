package faults

import (
	"encoding/binary"
	"net"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Peer is one end of a connection, by hand: it sends what it is told to, and keeps to no rule. It is used by one goroutine.
type Peer struct {
	Limits wire.Limits

	conn   net.Conn
	r      *wire.Reader
	format wire.Format
	tx     uint64 // of the last call made from here
	room   int    // frames and writes that may leave before the connection is closed; negative: any number
}

// gone is what a Peer panics with when the connection is over: that ends the row.
type gone struct{ error }

// NewPeer is the end of a stream that passed its handshake.
func NewPeer(stream *wire.Stream, serializer string, limits wire.Limits) *Peer {
	s, err := codec.Lookup(serializer)
	must(err)
	p := &Peer{Limits: limits, conn: stream, r: stream.Reader, format: wire.FormatOf(s), room: -1}
	p.r.SetFraming(p.format, limits.Frame)
	return p
}

// untilGone is deferred by whoever goes on when the connection is over.
func untilGone() {
	if r := recover(); r != nil {
		if _, over := r.(gone); !over {
			panic(r)
		}
	}
}

// must ends the row if the connection is over.
func must(err error) {
	if err != nil {
		panic(gone{err})
	}
}

// Write sends bytes.
func (p *Peer) Write(b []byte) {
	p.leaveAtLast()
	_, err := p.conn.Write(b)
	must(err)
}

// leaveAtLast closes the connection if its last frame has left, or come.
func (p *Peer) leaveAtLast() {
	if p.room == 0 {
		p.close()
	}
	p.room--
}

// close closes the connection, and ends the row.
func (p *Peer) close() {
	p.conn.Close()
	panic(gone{net.ErrClosed})
}

// frame is a frame's bytes, whatever its size.
func (p *Peer) frame(f wire.Frame, payload any) []byte {
	b, err := p.format.Append(nil, &f, payload, 1<<31-1)
	must(err)
	return b
}

// Send sends a frame.
func (p *Peer) Send(f wire.Frame, payload any) { p.Write(p.frame(f, payload)) }

// raw is a frame of an envelope that is written by hand.
func raw(envelope ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(envelope))), envelope...)
}

// next is the next frame that arrives, pings and notices' credit left out. Its payload is its own.
func (p *Peer) next() wire.Frame {
	p.leaveAtLast()
	for {
		buf, err := p.r.Frame()
		must(err)
		f, err := p.format.Decode(buf.B)
		must(err)
		if f.Kind != wire.Ping && (f.Kind != wire.Credit || !f.Tx.IsZero()) {
			return f
		}
	}
}

// await is the next frame of a kind; others are dropped.
func (p *Peer) await(kind wire.Kind) wire.Frame {
	for {
		if f := p.next(); f.Kind == kind {
			return f
		}
	}
}

// call sends a request, with a tx of its own.
func (p *Peer) call(name string, meta wire.Meta, payload any) wire.Tx {
	p.tx++
	tx := wire.Tx{N: p.tx}
	p.Send(wire.Frame{Kind: wire.Request, Tx: tx, Type: name, Meta: meta}, payload)
	return tx
}

// provoke has the other side make a call, and returns its request.
func (p *Peer) provoke(how string) wire.Frame {
	p.call(string(Order), wire.Meta{}, how)
	return p.await(wire.Request)
}

// Alive proves that the connection goes on: a call is answered as it has to be.
func (p *Peer) Alive() {
	p.room = -1
	tx := p.call(string(Echo), wire.Meta{}, "alive")
	for {
		f := p.next()
		var text string
		if f.Kind == wire.Result && f.Tx == tx && p.format.DecodePayload(&f, &text) == nil && text == "alive" {
			return
		}
	}
}

// awaitEnd reads until the other side closes.
func (p *Peer) awaitEnd() {
	for {
		p.next()
	}
}

// Finish says that the row was played and the connection goes on, and leaves when the other side says goodbye or closes.
func (p *Peer) Finish() {
	defer untilGone()
	p.call(string(Done), wire.Meta{}, struct{}{})
	p.await(wire.Goodbye)
	p.Send(wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Then: "stop"}}, nil)
}

// Leave says goodbye, as a host does, and reads what is left to be read.
func (p *Peer) Leave() {
	defer untilGone()
	p.Send(wire.Frame{Kind: wire.Goodbye, Meta: wire.Meta{Then: "stop"}}, nil)
	p.awaitEnd()
}
