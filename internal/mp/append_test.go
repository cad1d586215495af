package mp_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/mp"
)

func TestAppendWritesTheFewestBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"nil", mp.AppendNil(nil), "\xc0"},
		{"true", mp.AppendBool(nil, true), "\xc3"},
		{"false", mp.AppendBool(nil, false), "\xc2"},
		{"uint 127", mp.AppendUint(nil, 127), "\x7f"},
		{"uint 128", mp.AppendUint(nil, 128), "\xcc\x80"},
		{"uint 256", mp.AppendUint(nil, 256), "\xcd\x01\x00"},
		{"uint 65536", mp.AppendUint(nil, 65536), "\xce\x00\x01\x00\x00"},
		{"uint 2^32", mp.AppendUint(nil, 1<<32), "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"},
		{"int 5", mp.AppendInt(nil, 5), "\x05"},
		{"int -32", mp.AppendInt(nil, -32), "\xe0"},
		{"int -33", mp.AppendInt(nil, -33), "\xd0\xdf"},
		{"int -129", mp.AppendInt(nil, -129), "\xd1\xff\x7f"},
		{"int -32769", mp.AppendInt(nil, -32769), "\xd2\xff\xff\x7f\xff"},
		{"int min", mp.AppendInt(nil, math.MinInt64), "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"array 15", mp.AppendArrayHeader(nil, 15), "\x9f"},
		{"array 16", mp.AppendArrayHeader(nil, 16), "\xdc\x00\x10"},
		{"array 65536", mp.AppendArrayHeader(nil, 65536), "\xdd\x00\x01\x00\x00"},
		{"map 15", mp.AppendMapHeader(nil, 15), "\x8f"},
		{"map 16", mp.AppendMapHeader(nil, 16), "\xde\x00\x10"},
		{"map 65536", mp.AppendMapHeader(nil, 65536), "\xdf\x00\x01\x00\x00"},
		{"string", mp.AppendString(nil, "é"), "\xa2\xc3\xa9"},
		{"string 32", mp.AppendString(nil, strings.Repeat("a", 32))[:2], "\xd9\x20"},
		{"string 256", mp.AppendString(nil, strings.Repeat("a", 256))[:3], "\xda\x01\x00"},
		{"string 65536", mp.AppendString(nil, strings.Repeat("a", 65536))[:5], "\xdb\x00\x01\x00\x00"},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s: % x, want % x", c.name, c.got, c.want)
		}
	}
}

func TestReadReturnsWhatAppendWrote(t *testing.T) {
	tail := []byte("tail")
	for _, v := range []uint64{0, 127, 128, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, math.MaxInt64, math.MaxUint64} {
		got, rest, err := mp.ReadUint(append(mp.AppendUint(nil, v), tail...))
		if err != nil || got != v || !bytes.Equal(rest, tail) {
			t.Errorf("ReadUint of %d: %d, rest %q, %v", v, got, rest, err)
		}
	}
	for _, v := range []int64{0, 1, -1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64, math.MaxInt64} {
		got, rest, err := mp.ReadInt(append(mp.AppendInt(nil, v), tail...))
		if err != nil || got != v || !bytes.Equal(rest, tail) {
			t.Errorf("ReadInt of %d: %d, rest %q, %v", v, got, rest, err)
		}
	}
	for _, n := range []int{0, 1, 31, 32, 255, 256, 65535, 65536} {
		s := strings.Repeat("x", n)
		got, rest, err := mp.ReadString(append(mp.AppendString(nil, s), tail...))
		if err != nil || string(got) != s || !bytes.Equal(rest, tail) {
			t.Errorf("ReadString of %d bytes: %d bytes, rest %q, %v", n, len(got), rest, err)
		}
		body := make([]byte, 2*n)
		if got, _, err := mp.ReadArrayHeader(append(mp.AppendArrayHeader(nil, n), body...)); err != nil || got != n {
			t.Errorf("ReadArrayHeader of %d: %d, %v", n, got, err)
		}
		if got, _, err := mp.ReadMapHeader(append(mp.AppendMapHeader(nil, n), body...)); err != nil || got != n {
			t.Errorf("ReadMapHeader of %d: %d, %v", n, got, err)
		}
	}
}

func TestReadStringAliasesItsInputWithoutReachingBehindIt(t *testing.T) {
	b := append(mp.AppendString(nil, "abc"), "def"...)
	s, _, err := mp.ReadString(b)
	if err != nil || &s[0] != &b[1] || cap(s) != 3 {
		t.Errorf("ReadString: %q, capacity %d, %v: not the input's own bytes", s, cap(s), err)
	}
}

func TestIsNilAndIsStringLookAtTheFirstByte(t *testing.T) {
	for _, c := range []struct {
		in       string
		nil, str bool
	}{{"", false, false}, {"\xc0", true, false}, {"\xa0", false, true}, {"\xd9", false, true}, {"\xc4", false, false}, {"\x01", false, false}} {
		if mp.IsNil([]byte(c.in)) != c.nil || mp.IsString([]byte(c.in)) != c.str {
			t.Errorf("%q: IsNil %v, IsString %v", c.in, mp.IsNil([]byte(c.in)), mp.IsString([]byte(c.in)))
		}
	}
}
