package wire

import (
	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/mp"
)

// packFormat is the layout of MessagePackSerializer: u32 big-endian length, then an array [kind, tx, type, meta] or
// [kind, tx, type, meta, payload]. The envelope's few bytes are written by hand and the payload is
// encoded straight behind them.
type packFormat struct {
	s     codec.Serializer
	names map[string]string // those that Decode need not make anew; nil: none
}

func (packFormat) Terminator() []byte { return nil }

func (p packFormat) Append(dst []byte, f *Frame, payload any, max int) ([]byte, error) {
	return prefixed(dst, 0, max, func(b []byte) ([]byte, error) {
		if payload == nil {
			return appendEnvelope(b, f, 4), nil
		}
		return codec.Append(p.s, appendEnvelope(b, f, 5), payload)
	})
}

// appendEnvelope appends what comes before the payload; n is how many elements the frame has.
func appendEnvelope(b []byte, f *Frame, n int) []byte {
	b = mp.AppendArrayHeader(b, n)
	b = mp.AppendUint(b, uint64(f.Kind))
	if f.Tx.S != "" {
		b = mp.AppendString(b, f.Tx.S)
	} else {
		b = mp.AppendUint(b, f.Tx.N)
	}
	b = mp.AppendString(b, f.Type)
	return appendMeta(b, &f.Meta)
}

// Gather returns a frame whose payload is bytes in two pieces: a buffer from the pool, with payload itself as its Tail. false: the format cannot.
func Gather(format Format, f *Frame, payload []byte, max int) (*Buffer, bool, error) {
	if _, packed := format.(packFormat); !packed {
		return nil, false, nil
	}
	buf := NewBuffer()
	b, err := prefixed(buf.B[:0], len(payload), max, func(b []byte) ([]byte, error) {
		return mp.AppendBinaryHeader(appendEnvelope(b, f, 5), len(payload)), nil
	})
	buf.B = b
	if err != nil {
		buf.Release()
		return nil, true, err
	}
	buf.Tail = payload
	return buf, true, nil
}

func appendMeta(b []byte, m *Meta) []byte {
	if m.isZero() {
		return mp.AppendNil(b)
	}
	n := 0
	for _, set := range []bool{m.Deadline != 0, m.Opens != "", m.Progress, m.Items != 0, m.Bytes != 0, m.Lease != 0, m.Then != "", len(m.Headers) > 0} {
		if set {
			n++
		}
	}
	b = mp.AppendMapHeader(b, n)
	b = appendMillis(b, "deadline", m.Deadline)
	b = appendText(b, "opens", m.Opens)
	if m.Progress {
		b = mp.AppendBool(mp.AppendString(b, "progress"), true)
	}
	b = appendNumber(b, "items", m.Items)
	b = appendNumber(b, "bytes", m.Bytes)
	b = appendMillis(b, "lease", m.Lease)
	b = appendText(b, "then", m.Then)
	if len(m.Headers) == 0 {
		return b
	}
	b = mp.AppendMapHeader(mp.AppendString(b, "headers"), len(m.Headers))
	for k, v := range m.Headers {
		b = mp.AppendString(mp.AppendString(b, k), v)
	}
	return b
}

func appendNumber(b []byte, key string, v uint64) []byte {
	if v == 0 {
		return b
	}
	return mp.AppendUint(mp.AppendString(b, key), v)
}

func appendText(b []byte, key, v string) []byte {
	if v == "" {
		return b
	}
	return mp.AppendString(mp.AppendString(b, key), v)
}

func appendMillis(b []byte, key string, v int64) []byte {
	if v == 0 {
		return b
	}
	return mp.AppendInt(mp.AppendString(b, key), v)
}

// name is a message's name as a string.
func (p packFormat) name(b []byte) string {
	if known, ok := p.names[string(b)]; ok {
		return known
	}
	return string(b)
}

func (p packFormat) Decode(b []byte) (f Frame, err error) {
	n, b, err := mp.ReadArrayHeader(b)
	if err != nil {
		return f, corrupt("expected an array of 4 or 5 elements: %v", err)
	}
	if n < 4 || n > 5 {
		return f, corrupt("expected an array of 4 or 5 elements, found %d", n)
	}
	kind, b, err := mp.ReadUint(b)
	if err != nil {
		return f, corrupt("kind: %v", err)
	}
	if kind > 255 {
		return f, corrupt("kind: expected an integer from 0 to 255, found %d", kind)
	}
	f.Kind = Kind(kind)
	if f.Tx, b, err = readTx(b); err != nil {
		return f, corrupt("tx: %v", err)
	}
	typ, b, err := mp.ReadString(b)
	if err != nil {
		return f, corrupt("type: %v", err)
	}
	f.Type = p.name(typ)
	if b, err = readMeta(b, &f.Meta); err != nil {
		return f, corrupt("meta: %v", err)
	}
	if n == 5 {
		f.Payload = b
	}
	if (n == 5) != (len(b) > 0) {
		return f, corrupt("%d elements announced, %d bytes left for the payload", n, len(b))
	}
	return f, nil
}

func readTx(b []byte) (Tx, []byte, error) {
	if mp.IsString(b) {
		s, rest, err := mp.ReadString(b)
		return Tx{S: string(s)}, rest, err
	}
	n, rest, err := mp.ReadUint(b)
	return Tx{N: n}, rest, err
}

func readMeta(b []byte, m *Meta) ([]byte, error) {
	if mp.IsNil(b) {
		return b[1:], nil
	}
	n, b, err := mp.ReadMapHeader(b)
	for ; n > 0 && err == nil; n-- {
		var key []byte
		if key, b, err = mp.ReadString(b); err == nil {
			b, err = readMetaField(string(key), b, m)
		}
	}
	return b, err
}

func readMetaField(key string, b []byte, m *Meta) (rest []byte, err error) {
	switch key {
	case "deadline":
		m.Deadline, rest, err = mp.ReadInt(b)
	case "opens":
		m.Opens, rest, err = readText(b)
	case "progress":
		m.Progress, rest, err = mp.ReadBool(b)
	case "items":
		m.Items, rest, err = mp.ReadUint(b)
	case "bytes":
		m.Bytes, rest, err = mp.ReadUint(b)
	case "lease":
		m.Lease, rest, err = mp.ReadInt(b)
	case "then":
		m.Then, rest, err = readText(b)
	case "headers":
		return readHeaders(b, m)
	default:
		rest, err = mp.Skip(b)
	}
	return rest, err
}

func readText(b []byte) (string, []byte, error) {
	s, rest, err := mp.ReadString(b)
	return string(s), rest, err
}

func readHeaders(b []byte, m *Meta) ([]byte, error) {
	n, b, err := mp.ReadMapHeader(b)
	if err == nil {
		err = CheckHeaders(n)
	}
	if err != nil {
		return b, err
	}
	m.Headers = make(map[string]string, min(n, 16))
	for ; n > 0; n-- {
		var k, v []byte
		if k, b, err = mp.ReadString(b); err != nil {
			return b, err
		}
		if v, b, err = mp.ReadString(b); err != nil {
			return b, err
		}
		m.Headers[string(k)] = string(v)
	}
	return b, nil
}

// keepBytes is the size in bytes from which on a payload of bytes keeps its frame, instead of being copied out of it.
const keepBytes = 32 << 10

// TakeBytes returns a large payload that is bytes as a part of its frame's buffer, which is the caller's then; false: the payload is to be decoded. A
// buffer that is much larger, as one that was used before may be, is not given away: it would live as long as the payload.
func TakeBytes(format Format, f *Frame, buf *Buffer) ([]byte, bool) {
	if _, packed := format.(packFormat); !packed || len(f.Payload) < keepBytes || cap(buf.B) > 2*len(f.Payload) {
		return nil, false
	}
	return Bytes(format, f)
}

// Bytes returns a payload that is bytes as a part of its frame's buffer; false: it is to be decoded.
func Bytes(format Format, f *Frame) ([]byte, bool) {
	if _, packed := format.(packFormat); !packed {
		return nil, false
	}
	b, rest, err := mp.ReadBinary(f.Payload)
	return b, err == nil && len(rest) == 0
}

func (p packFormat) DecodePayload(f *Frame, v any) error {
	if f.Payload == nil {
		return nil
	}
	return p.s.Unmarshal(f.Payload, v)
}
