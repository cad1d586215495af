package mp

import (
	"fmt"
	"math"
)

// expect reads a head and refuses every kind but the one that is wanted.
func expect(b []byte, want Kind) (Head, error) {
	h, err := ReadHead(b)
	if err != nil {
		return Head{}, err
	}
	if h.Kind != want {
		return Head{}, &Error{What: want.String(), Found: h.Kind.String()}
	}
	return h, nil
}

// ReadArrayHeader reads the header of an array of n elements; rest begins with the first of them.
// It refuses an n that the bytes left cannot hold.
func ReadArrayHeader(b []byte) (n int, rest []byte, err error) {
	h, err := expect(b, Array)
	if err != nil {
		return 0, b, err
	}
	return h.Len, b[h.Size:], nil
}

// ReadMapHeader reads the header of a map of n pairs; rest begins with the first key. It refuses an n
// that the bytes left cannot hold.
func ReadMapHeader(b []byte) (n int, rest []byte, err error) {
	h, err := expect(b, Map)
	if err != nil {
		return 0, b, err
	}
	return h.Len, b[h.Size:], nil
}

// ReadBool reads a boolean.
func ReadBool(b []byte) (v bool, rest []byte, err error) {
	h, err := expect(b, Bool)
	if err != nil {
		return false, b, err
	}
	return h.Bits == 1, b[h.Size:], nil
}

// ReadUint reads an integer that is not negative, in any of its encodings.
func ReadUint(b []byte) (v uint64, rest []byte, err error) {
	h, err := readInteger(b)
	if err != nil {
		return 0, b, err
	}
	if h.Kind == Int && int64(h.Bits) < 0 {
		return 0, b, &Error{What: "integer that is not negative", Found: fmt.Sprint(int64(h.Bits))}
	}
	return h.Bits, b[h.Size:], nil
}

// ReadInt reads an integer, in any of its encodings, and refuses one above math.MaxInt64.
func ReadInt(b []byte) (v int64, rest []byte, err error) {
	h, err := readInteger(b)
	if err != nil {
		return 0, b, err
	}
	if h.Kind == Uint && h.Bits > math.MaxInt64 {
		return 0, b, &Error{What: "integer up to 9223372036854775807", Found: fmt.Sprint(h.Bits)}
	}
	return int64(h.Bits), b[h.Size:], nil
}

func readInteger(b []byte) (Head, error) {
	h, err := ReadHead(b)
	if err == nil && h.Kind != Int && h.Kind != Uint {
		err = &Error{What: "integer", Found: h.Kind.String()}
	}
	return h, err
}

// ReadString reads a string. s aliases b and is not checked for UTF-8.
func ReadString(b []byte) (s []byte, rest []byte, err error) {
	h, err := expect(b, String)
	if err != nil {
		return nil, b, err
	}
	end := h.Size + h.Len
	return b[h.Size:end:end], b[end:], nil
}

// ReadBinary reads bytes, which alias b.
func ReadBinary(b []byte) (data []byte, rest []byte, err error) {
	h, err := expect(b, Bin)
	if err != nil {
		return nil, b, err
	}
	end := h.Size + h.Len
	return b[h.Size:end:end], b[end:], nil
}

// IsNil reports whether b begins with nil.
func IsNil(b []byte) bool { return len(b) > 0 && b[0] == 0xc0 }

// IsString reports whether b begins with a string; whether it is complete, [ReadString] tells.
func IsString(b []byte) bool { return len(b) > 0 && forms[b[0]].kind == String }
