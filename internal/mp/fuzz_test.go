package mp_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// A walk that accepts has to agree with one that reads header by header, and may not depend on what
// follows the value.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{"\xc0", "\xdd\x02\x00\x00\x00", "\x82\xa1a\x01\xa1b\x92\xc0\xc3", "\xc7\x04\xff1234", "\x91\x91\x91\x91"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rest, err := mp.Walk(b, 64)
		want, ok := recurse(b, 64)
		if ok != (err == nil) || ok && len(rest) != len(want) {
			t.Fatalf("Walk: rest %d, %v; read by headers: rest %d, %v", len(rest), err, len(want), ok)
		}
		if err != nil {
			return
		}
		if again, err := mp.Walk(b[:len(b)-len(rest)], 64); err != nil || len(again) != 0 {
			t.Fatalf("the value alone: rest %d, %v", len(again), err)
		}
	})
}

func recurse(b []byte, depth int) ([]byte, bool) {
	n, rest, err := mp.ReadArrayHeader(b)
	if err != nil {
		if n, rest, err = mp.ReadMapHeader(b); err != nil {
			return scalar(b)
		}
		n *= 2
	}
	if depth == 0 {
		return b, false
	}
	for ok := true; n > 0; n-- {
		if rest, ok = recurse(rest, depth-1); !ok {
			return b, false
		}
	}
	return rest, true
}

func scalar(b []byte) ([]byte, bool) {
	h, err := mp.ReadHead(b)
	if err != nil || h.Kind == mp.Array || h.Kind == mp.Map {
		return b, false
	}
	return b[h.Size+h.Len:], true
}
