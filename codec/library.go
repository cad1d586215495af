package codec

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// keep is the largest input after which a pooled decoder is kept: its scratch buffer grows with the
// longest string and would otherwise stay that long.
const keep = 256 << 10

// A packer is an encoder with the slice that it appends to.
type packer struct {
	enc *msgpack.Encoder
	buf []byte
}

func (p *packer) Write(b []byte) (int, error) {
	p.buf = append(p.buf, b...)
	return len(b), nil
}

func (p *packer) WriteByte(c byte) error {
	p.buf = append(p.buf, c)
	return nil
}

var packers = sync.Pool{New: func() any {
	p := &packer{enc: msgpack.NewEncoder(nil)}
	p.enc.SetCustomStructTag("json")
	p.enc.UseCompactInts(true)
	return p
}}

func pack(dst []byte, v any) ([]byte, error) {
	p := packers.Get().(*packer)
	p.buf = dst
	p.enc.ResetWriter(p) // unlike Reset, keeps the settings
	err := p.enc.Encode(v)
	out := p.buf
	p.buf = nil
	p.enc.ResetWriter(nil)
	packers.Put(p)
	return out, err
}

// An unpacker is a decoder with the reader that feeds it.
type unpacker struct {
	dec *msgpack.Decoder
	in  bytes.Reader
}

var unpackers = sync.Pool{New: func() any {
	u := &unpacker{dec: msgpack.NewDecoder(nil)}
	u.dec.SetCustomStructTag("json")
	return u
}}

func unpack(data []byte, v any) (err error) {
	u := unpackers.Get().(*unpacker)
	u.in.Reset(data)
	u.dec.ResetReader(&u.in) // unlike Reset, keeps the settings
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder panicked: %v", p)
			return
		}
		if u.in.Reset(nil); len(data) <= keep {
			unpackers.Put(u)
		}
	}()
	return u.dec.Decode(v)
}
