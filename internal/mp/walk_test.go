package mp_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/mp"
)

func TestWalkRefusesWhatIsNotAValueAndSaysWhy(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "messagepack offset 0: a value needs at least 1 bytes, 0 are left"},
		{"2^25 elements", "\xdd\x02\x00\x00\x00", "messagepack offset 0: array declares 33554432, which needs at least 33554432 bytes, 0 are left"},
		{"2^32-1 pairs", "\xdf\xff\xff\xff\xff\x01", "messagepack offset 0: map declares 4294967295, which needs at least 8589934590 bytes, 1 are left"},
		{"a map with half its bytes", "\x82\x01\x01\x01", "messagepack offset 0: map declares 2, which needs at least 4 bytes, 3 are left"},
		{"long string", "\x91\xdb\xff\xff\xff\xffab", "messagepack offset 1: string declares 4294967295, which needs at least 4294967295 bytes, 2 are left"},
		{"long bytes", "\xc4\x03ab", "messagepack offset 0: bytes declares 3, which needs at least 3 bytes, 2 are left"},
		{"long extension", "\xd5\x01a", "messagepack offset 0: extension declares 2, which needs at least 2 bytes, 1 are left"},
		{"cut header", "\x91\xcd\x01", "messagepack offset 1: integer needs at least 3 bytes, 2 are left"},
		{"cut extension header", "\xc7\x00", "messagepack offset 0: extension needs at least 3 bytes, 2 are left"},
		{"reserved byte", "\x92\x01\xc1", "messagepack offset 2: reserved byte 0xc1 is not allowed"},
		{"one level too deep", "\x91\x91\x91\x91\x01", "messagepack offset 3: array is nested deeper than 3"},
		{"map one level too deep", "\x91\x91\x91\x81\x01\x01", "messagepack offset 3: map is nested deeper than 3"},
		{"last element missing", "\x92\x91\x01", "messagepack offset 3: a value needs at least 1 bytes, 0 are left"},
	} {
		rest, err := mp.Walk([]byte(c.in), 3)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
		if string(rest) != c.in {
			t.Errorf("%s: rest is % x, want the input", c.name, rest)
		}
	}
}

func TestWalkStandsBehindExactlyOneValue(t *testing.T) {
	for _, in := range []string{
		"\x00", "\xff", "\xc0", "\xc2", "\xc3", "\x90", "\x80", "\xa0", "\xa1a", "\xc4\x01a", "\xc5\x00\x01a", "\xc6\x00\x00\x00\x01a",
		"\xc7\x01\x05a", "\xc8\x00\x01\x05a", "\xc9\x00\x00\x00\x01\x05a", "\xca1234", "\xcb12345678", "\xcc1", "\xcd12", "\xce1234",
		"\xcf12345678", "\xd01", "\xd112", "\xd21234", "\xd312345678", "\xd4t1", "\xd5t12", "\xd6t1234", "\xd7t12345678",
		"\xd8t1234567812345678", "\xd9\x01a", "\xda\x00\x01a", "\xdb\x00\x00\x00\x01a", "\xdc\x00\x01\x00", "\xdd\x00\x00\x00\x01\x00",
		"\xde\x00\x01\x00\x00", "\xdf\x00\x00\x00\x01\x00\x00", "\x93\x90\x81\xa1a\x91\x01\xa1b", "\x91\x91\x91\x01",
	} {
		rest, err := mp.Walk([]byte(in+"tail"), 3)
		if err != nil || string(rest) != "tail" {
			t.Errorf("% x: rest %q, %v", in, rest, err)
		}
		if _, err := mp.Walk([]byte(in[:len(in)-1]), 3); err == nil {
			t.Errorf("% x without its last byte is accepted", in)
		}
	}
}

func TestSkipRefusesNestingBeyondItsLimit(t *testing.T) {
	deep := func(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n), 0x01) }
	if _, err := mp.Skip(deep(mp.SkipDepth)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := mp.Skip(deep(1000)); err == nil || !strings.Contains(err.Error(), "deeper than 256") {
		t.Errorf("1,000 levels: %v", err)
	}
}

func TestWalkAllocatesNothingForShallowValues(t *testing.T) {
	b := mp.AppendArrayHeader(nil, 100)
	for range 100 {
		b = append(b, "\x81\xa3key\x92\x01\xcb12345678"...)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = mp.Walk(b, 256) }); n != 0 {
		t.Errorf("Walk allocates %v times", n)
	}
}

func TestReadRefusesAnotherKindAndKeepsItsInput(t *testing.T) {
	read := map[string]func([]byte) ([]byte, error){
		"array expected":   func(b []byte) ([]byte, error) { _, r, err := mp.ReadArrayHeader(b); return r, err },
		"map expected":     func(b []byte) ([]byte, error) { _, r, err := mp.ReadMapHeader(b); return r, err },
		"string expected":  func(b []byte) ([]byte, error) { _, r, err := mp.ReadString(b); return r, err },
		"integer expected": func(b []byte) ([]byte, error) { _, r, err := mp.ReadInt(b); return r, err },
		"integer":          func(b []byte) ([]byte, error) { _, r, err := mp.ReadUint(b); return r, err },
	}
	for want, f := range read {
		for _, in := range []string{"\xc3", "", "\xc1"} {
			rest, err := f([]byte(in))
			if err == nil || string(rest) != in {
				t.Errorf("%s of % x: rest % x, %v", want, in, rest, err)
			}
			if in == "\xc3" && err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
	}
	if _, rest, err := mp.ReadBool([]byte("\x01")); err == nil || string(rest) != "\x01" || !strings.Contains(err.Error(), "bool expected") {
		t.Errorf("ReadBool of 1: rest % x, %v", rest, err)
	}
	if _, _, err := mp.ReadUint([]byte("\xff")); err == nil || !strings.Contains(err.Error(), "-1 found") {
		t.Errorf("ReadUint of -1: %v", err)
	}
	if _, _, err := mp.ReadInt(mp.AppendUint(nil, 1<<63)); err == nil || !strings.Contains(err.Error(), "9223372036854775808 found") {
		t.Errorf("ReadInt of 2^63: %v", err)
	}
	if _, _, err := mp.ReadArrayHeader([]byte("\xdd\x02\x00\x00\x00\x01")); err == nil {
		t.Error("ReadArrayHeader accepts a claim of 2^25 elements in one byte")
	}
}
