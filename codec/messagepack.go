package codec

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// MaxDepth is how deep arrays, maps and structs may be nested in one another, in both serializers,
// when decoding; encoding refuses a value that goes deeper where its type would allow that.
const MaxDepth = 256

// keep is the largest input after which a pooled decoder is kept: its scratch buffer grows with the
// longest string and would otherwise stay that long.
const keep = 64 << 10

// MessagePackSerializer is MessagePack: compact, binary, length-prefixed on the wire. `json` tags name
// the fields (a `msgpack` tag comes first where there is one).
type MessagePackSerializer struct{}

// Name returns "MessagePackSerializer".
func (MessagePackSerializer) Name() string { return Default }

// Terminator returns nil: any byte can occur in MessagePack.
func (MessagePackSerializer) Terminator() []byte { return nil }

// Marshal returns the encoding of v in a slice that the caller owns.
func (s MessagePackSerializer) Marshal(v any) ([]byte, error) {
	b, err := s.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Append encodes v behind dst without an intermediate copy; on an error dst is returned with its
// original length. A type with its own MarshalMsg([]byte) ([]byte, error) method is encoded by it.
func (MessagePackSerializer) Append(dst []byte, v any) ([]byte, error) {
	n := len(dst)
	var out []byte
	var err error
	if own, ok := v.(appendsMsg); ok && !isNilPointer(v) {
		out, err = own.MarshalMsg(dst)
	} else {
		out, err = pack(dst, v)
	}
	if err != nil {
		return dst[:n], fmt.Errorf("encode %s: %w", typeName(v), err)
	}
	return out, nil
}

// appendsMsg and readsMsg are what msgp and its like generate.
type (
	appendsMsg interface {
		MarshalMsg(dst []byte) ([]byte, error)
	}
	readsMsg interface {
		UnmarshalMsg(src []byte) (rest []byte, err error)
	}
)

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
	packers.Put(p)
	return out, err
}

// Unmarshal decodes data, exactly one value, into v.
func (MessagePackSerializer) Unmarshal(data []byte, v any) error {
	if err := unpackChecked(data, v); err != nil {
		return fmt.Errorf("decode %s: %w", typeName(v), err)
	}
	return nil
}

func unpackChecked(data []byte, v any) error {
	rest, err := mp.Walk(data, MaxDepth)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes follow the value", len(rest))
	}
	return unpack(data, v)
}

// An unpacker is a decoder with the reader that feeds it.
type unpacker struct {
	dec *msgpack.Decoder
	in  bytes.Reader
}

var unpackers = sync.Pool{New: func() any {
	u := &unpacker{dec: msgpack.NewDecoder(nil)}
	u.dec.SetCustomStructTag("json")
	u.dec.UseLooseInterfaceDecoding(true)
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

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// typeName is v's type as an error text names it: without pointers and without the package.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() != "" {
		return t.Name()
	}
	return t.String()
}
