package faults

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// lengths are frames of every bad length.
func lengths(l wire.Limits) []Fault {
	prefix := func(n uint32, more ...byte) func(*Peer, int) {
		return func(p *Peer, _ int) { p.Write(append(binary.BigEndian.AppendUint32(nil, n), more...)) }
	}
	over := fmt.Sprintf("is over the limit of %d bytes (maxFrame)", l.Frame)
	return []Fault{
		{Name: "a frame of 0 bytes", Inject: prefix(0), Ends: []string{"corrupt frame: a frame of 0 bytes"}},
		{Name: "a frame of 1 byte", Inject: prefix(1, 0xc1), Ends: []string{"corrupt frame: expected an array of 4 or 5 elements"}},
		{Name: "a frame that is one byte over the limit", Inject: prefix(uint32(l.Frame) + 1), Ends: []string{over}},
		{Name: "a frame of 2^31 bytes, which as a signed number is negative", Inject: prefix(1 << 31), Ends: []string{over}},
		{Name: "a frame of 2^32 - 1 bytes", Inject: prefix(1<<32 - 1), Ends: []string{over}},
		{Name: "a frame of the limit", Inject: func(p *Peer, _ int) {
			p.Send(wire.Frame{Kind: 200}, make([]byte, l.Frame-12))
		}},
		{Name: "a frame that is announced and does not come", Closes: true, Inject: func(p *Peer, _ int) {
			p.Write(binary.BigEndian.AppendUint32(nil, uint32(l.Frame)))
			p.close()
		}},
	}
}

// Claims are the headers of what is not there, in MessagePack: of an array, a map, a string, bytes and an extension.
var claims = map[string][]byte{
	"array": {0xdd, 0xff, 0xff, 0xff, 0xff}, "map": {0xdf, 0xff, 0xff, 0xff, 0xff}, "string": {0xdb, 0xff, 0xff, 0xff, 0xff},
	"bytes": {0xc6, 0xff, 0xff, 0xff, 0xff}, "extension": {0xc9, 0xff, 0xff, 0xff, 0xff, 0xff},
}

// nested is n arrays in one another.
func nested(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n), 0xc0) }

// envelopes are frames of the right length whose first elements cannot be read.
func envelopes() []Fault {
	fault := func(name, ends string, envelopes ...[]byte) Fault {
		f := Fault{Name: name, Inject: func(p *Peer, turn int) { p.Write(raw(envelopes[turn]...)) }}
		for range envelopes {
			f.Ends = append(f.Ends, ends)
		}
		return f
	}
	envelope := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	call, noType := []byte{0x94, 1, 7}, []byte{0xa0}
	unknown := append([]byte{0x81, 0xa1}, 'x')
	headers := append([]byte{0x81, 0xa7}, "headers"...)
	return []Fault{
		fault("an array of another length", "corrupt frame: expected an array of 4 or 5 elements", []byte{0x93, 1, 7, 0xa0}, []byte{0x96, 1, 7, 0xa0, 0xc0, 0xc0, 0xc0}, claims["array"]),
		fault("a kind that is no small number", "corrupt frame: kind", []byte{0x94, 0xcd, 1, 0, 7, 0xa0, 0xc0}, []byte{0x94, 0xff, 7, 0xa0, 0xc0}, []byte{0x94, 0xa1, '1', 7, 0xa0, 0xc0}),
		fault("a tx that is negative, a fraction, or cut off", "corrupt frame: tx", []byte{0x94, 1, 0xff, 0xa0, 0xc0}, []byte{0x94, 1, 0xca, 0, 0, 0, 0, 0xa0, 0xc0}, envelope([]byte{0x94, 1}, claims["string"])),
		fault("a type that is no string, or claims 4 GiB", "corrupt frame: type", envelope(call, []byte{7, 0xc0}), envelope(call, claims["string"])),
		fault("a meta that claims 2^32 - 1 fields, headers or bytes", "corrupt frame: meta", envelope(call, noType, claims["map"]), envelope(call, noType, headers, claims["map"]),
			envelope(call, noType, headers, claims["array"]), envelope(call, noType, unknown, claims["bytes"]), envelope(call, noType, unknown, claims["extension"])),
		fault("a meta whose unknown field is nested 10,000 deep", "corrupt frame: meta", envelope(call, noType, unknown, nested(10_000))),
		fault("a payload that is announced and missing, or not announced and there", "bytes left for the payload", []byte{0x95, 1, 7, 0xa1, 'x', 0xc0}, []byte{0x94, 1, 7, 0xa0, 0xc0, 0xc0}),
	}
}

// request is a call of Echo by hand, with a payload that is written by hand, too.
func (p *Peer) request(payload ...byte) {
	p.tx++
	b := append([]byte{0x95, 1, 0xcf}, binary.BigEndian.AppendUint64(nil, p.tx)...)
	b = append(b, 0xa0|byte(len(Echo)))
	b = append(append(b, Echo...), 0xc0)
	p.Write(raw(append(b, payload...)...))
}

// refused waits for the answer to the last call, which has to be an error.
func (p *Peer) refused() {
	if f := p.await(wire.Error); f.Tx != (wire.Tx{N: p.tx}) {
		p.close()
	}
}

// values are payloads that cannot be read, or that look harmless and are not: they concern their message alone.
func values(l wire.Limits) []Fault {
	return []Fault{
		{Name: "payloads that claim what is not there", Inject: func(p *Peer, _ int) {
			for _, claim := range claims {
				p.request(claim...)
				p.refused()
				p.request(append([]byte{0x92, 1}, claim...)...)
				p.refused()
			}
		}},
		{Name: "a payload nested as deep as a frame is long", Inject: func(p *Peer, _ int) {
			p.request(nested(l.Frame - 64)...)
			p.refused()
		}},
		{Name: "a payload of the reserved byte, and one of two values", Inject: func(p *Peer, _ int) {
			p.request(0xc1)
			p.refused()
			p.request(1, 2)
			p.refused()
		}},
	}
}

// oddities are frames of which each part is right, and the whole is too much or makes no sense.
func oddities(l wire.Limits) []Fault {
	return []Fault{
		{Name: "text that is no UTF-8: a payload, a name, a tx, a header", Inject: func(p *Peer, _ int) {
			const bad = "\xff\xfe\xc3"
			p.Send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: bad}, Type: string(Echo), Meta: wire.Meta{Headers: map[string]string{bad: bad}}}, bad)
			p.Send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: "2" + bad}, Type: bad}, nil)
			p.next()
			p.next()
		}},
		{Name: "a frame of hollow values: as many empty maps as fit", Inject: func(p *Peer, _ int) {
			n := l.Frame - 64
			p.request(append(binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(n)), bytes.Repeat([]byte{0x80}, n)...)...)
			p.next()
		}},
		{Name: "frames of as many headers as fit", Ends: []string{"headers"}, Inject: func(p *Peer, _ int) {
			headers := map[string]string{}
			for n := range l.Frame / 8 {
				headers[fmt.Sprintf("%05x", n)] = ""
			}
			for range l.Inflight {
				p.call(string(Wait), wire.Meta{Headers: headers}, nil)
			}
		}},
		{Name: "names and txs as long as a frame", Inject: func(p *Peer, _ int) {
			long := string(bytes.Repeat([]byte("x"), l.Frame-64))
			for range l.Inflight {
				p.call(long, wire.Meta{}, nil)
				p.next()
			}
			for n := range 2 * l.Inflight {
				tx := wire.Tx{S: fmt.Sprint(n, long)[:len(long)]}
				p.Send(wire.Frame{Kind: wire.Request, Tx: tx, Type: string(Echo)}, nil)
			}
		}},
		{Name: "a deadline, a lease and a window that are no sensible numbers", Inject: func(p *Peer, _ int) {
			for _, ms := range []int64{-1 << 63, -1, 1<<63 - 1} {
				p.call(string(Echo), wire.Meta{Deadline: ms}, nil)
				p.next()
			}
			p.call(string(Echo), wire.Meta{Opens: "nothing", Items: 1 << 60, Bytes: 1 << 60}, nil)
			p.refused()
		}},
	}
}
