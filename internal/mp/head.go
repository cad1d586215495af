package mp

import "encoding/binary"

// A Kind is what a value is, however it is written.
type Kind uint8

// The kinds. Reserved is byte 0xc1, which no encoder writes.
const (
	Reserved Kind = iota
	Nil
	Bool
	Int   // a negative integer, or one that its writer called signed
	Uint  // an integer that is not negative
	Float // 4 or 8 bytes
	String
	Bin
	Array
	Map
	Ext
)

var kindNames = [...]string{"reserved byte 0xc1", "nil", "bool", "integer", "integer", "float", "string", "bytes", "array", "map", "extension"}

// String names the kind as an error text does.
func (k Kind) String() string { return kindNames[k] }

// form tells how the values that begin with one byte are laid out: after that byte come size bytes
// of a length or of a scalar.
type form struct {
	kind Kind
	size uint8 // bytes behind the first one, before any body
	add  uint8 // ext: the type byte
	n    uint8 // the length that is written in the first byte itself, or of a fixext body
}

var forms = func() (t [256]form) {
	for c := range t {
		switch {
		case c < 0x80:
			t[c] = form{kind: Uint}
		case c < 0x90:
			t[c] = form{kind: Map, n: uint8(c & 15)}
		case c < 0xa0:
			t[c] = form{kind: Array, n: uint8(c & 15)}
		case c < 0xc0:
			t[c] = form{kind: String, n: uint8(c & 31)}
		case c >= 0xe0:
			t[c] = form{kind: Int}
		}
	}
	t[0xc0], t[0xc2], t[0xc3] = form{kind: Nil}, form{kind: Bool}, form{kind: Bool}
	for i := range 3 {
		t[0xc4+i] = form{kind: Bin, size: 1 << i}
		t[0xc7+i] = form{kind: Ext, size: 1 << i, add: 1}
		t[0xd9+i] = form{kind: String, size: 1 << i}
	}
	for i := range 2 {
		t[0xca+i] = form{kind: Float, size: 4 << i}
		t[0xdc+i] = form{kind: Array, size: 2 << i}
		t[0xde+i] = form{kind: Map, size: 2 << i}
	}
	for i := range 4 {
		t[0xcc+i] = form{kind: Uint, size: 1 << i}
		t[0xd0+i] = form{kind: Int, size: 1 << i}
	}
	for i := range 5 {
		t[0xd4+i] = form{kind: Ext, add: 1, n: 1 << i}
	}
	return t
}()

// A Head is the beginning of one value, read and compared with the bytes that are there.
type Head struct {
	Kind Kind
	Size int    // bytes that the head itself takes; of a scalar: all of it
	Len  int    // Array: elements; Map: pairs; String, Bin, Ext: bytes that follow the head
	Bits uint64 // Uint: the value; Int: the value, sign-extended; Float: the IEEE bits; Ext: the type byte; Bool: 0 or 1
}

// ReadHead reads the head of the value at the start of b. It refuses what is cut off, the reserved
// byte, a string, bytes or extension longer than b, an array of more elements and a map of more than
// half as many pairs as bytes are left.
func ReadHead(b []byte) (Head, error) {
	if len(b) == 0 {
		return Head{}, &Error{What: "a value", There: 0, Need: 1}
	}
	f := &forms[b[0]]
	h := Head{Kind: f.kind, Size: 1 + int(f.size) + int(f.add), Len: int(f.n)}
	if len(b) < h.Size {
		return Head{}, &Error{What: f.kind.String(), Need: uint64(h.Size), There: len(b)}
	}
	var raw uint64
	switch f.size {
	case 0:
		raw = uint64(f.n)
	case 1:
		raw = uint64(b[1])
	case 2:
		raw = uint64(binary.BigEndian.Uint16(b[1:]))
	case 4:
		raw = uint64(binary.BigEndian.Uint32(b[1:]))
	default:
		raw = binary.BigEndian.Uint64(b[1:])
	}
	if f.kind >= String {
		return h.withLength(b, raw)
	}
	return h.withScalar(b[0], f, raw)
}

func (h Head) withScalar(c byte, f *form, raw uint64) (Head, error) {
	h.Len = 0
	switch f.kind {
	case Reserved:
		return Head{}, &Error{What: f.kind.String()}
	case Bool:
		h.Bits = uint64(c & 1)
	case Uint:
		h.Bits = raw
		if f.size == 0 {
			h.Bits = uint64(c)
		}
	case Int:
		h.Bits = signed(c, f.size, raw)
	case Float:
		h.Bits = raw
	}
	return h, nil
}

// signed widens a signed integer of size bytes; what is not negative after all stays an Int.
func signed(c byte, size uint8, raw uint64) uint64 {
	switch size {
	case 0:
		return uint64(int64(int8(c)))
	case 1:
		return uint64(int64(int8(raw)))
	case 2:
		return uint64(int64(int16(raw)))
	case 4:
		return uint64(int64(int32(raw)))
	}
	return raw
}

func (h Head) withLength(b []byte, n uint64) (Head, error) {
	left, need := uint64(len(b)-h.Size), n
	if h.Kind == Map {
		need = 2 * n
	}
	if need > left {
		return Head{}, &Error{What: h.Kind.String(), Claim: n, Need: need, There: int(left)}
	}
	h.Len = int(n)
	if h.Kind == Ext {
		h.Bits = uint64(b[h.Size-1])
	}
	return h, nil
}
