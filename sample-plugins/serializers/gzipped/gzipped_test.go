package gzipped_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/gzipped"
)

const upper rpc.Query[string, string] = "text.upper"

func compress(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRepetitionTakesLittleRoom(t *testing.T) {
	b, err := gzipped.Serializer{}.Marshal(strings.Repeat("x", 1<<20))
	if err != nil || len(b) > 16<<10 {
		t.Errorf("1 MiB became %d bytes, %v", len(b), err)
	}
}

func TestABombIsRefusedBeforeItIsUnpacked(t *testing.T) {
	s := gzipped.Serializer{Limit: 1 << 20}
	bomb := compress(t, make([]byte, 64<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := s.Unmarshal(bomb, new(string))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.HasSuffix(err.Error(), " bytes unpack to more than the limit of 1048576 bytes (gzipped.Serializer.Limit)") {
		t.Errorf("got %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes of bomb cost %d bytes of memory", len(bomb), used)
	}
}

func TestTheLimitIsExactOnBothEnds(t *testing.T) {
	s := gzipped.Serializer{Limit: 1000}
	fits, over := strings.Repeat("x", 997), strings.Repeat("x", 998) // and a header of three bytes
	b, err := s.Marshal(fits)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := s.Unmarshal(b, &got); err != nil || got != fits {
		t.Errorf("at the limit: %d bytes, %v", len(got), err)
	}
	_, err = s.Marshal(over)
	if err == nil || err.Error() != "encode: 1001 bytes before compression are over the limit of 1000 bytes (gzipped.Serializer.Limit): send less at once" {
		t.Errorf("got %v", err)
	}
	if b, err = (gzipped.Serializer{}).Marshal(over); err != nil {
		t.Fatal(err)
	}
	if err := s.Unmarshal(b, &got); err == nil || !strings.Contains(err.Error(), "the limit of 1000 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestACallOverTheLimitFailsAtItsSenderAndTheConnectionStays(t *testing.T) {
	s := gzipped.Serializer{Limit: 10_000}
	a, _ := rpctest.PairWith(t, rpc.Options{Serializer: s}, rpc.Options{Serializer: s, Handlers: rpc.NewMux(
		upper.Handle(func(_ context.Context, text string) (string, error) { return strings.Repeat(text, 200), nil }))})
	_, err := upper.Call(t.Context(), a, strings.Repeat("x", 20_000))
	if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.HasPrefix(err.Error(), "encode text.upper: encode: ") {
		t.Errorf("a request: %v", err)
	}
	_, err = upper.Call(t.Context(), a, strings.Repeat("x", 100))
	if !errors.Is(err, rpc.Internal) || !strings.Contains(err.Error(), "text.upper: encode the result: encode: ") {
		t.Errorf("a result: %v", err)
	}
	if got, err := upper.Call(t.Context(), a, "x"); err != nil || len(got) != 200 {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestUnmarshalNamesWhatItRefuses(t *testing.T) {
	value, err := codec.MessagePackSerializer{}.Marshal("x")
	if err != nil {
		t.Fatal(err)
	}
	whole := compress(t, value)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"nothing":       {nil, "decompress: EOF"},
		"no gzip":       {[]byte("no gzip at all"), "decompress: gzip: invalid header"},
		"cut":           {whole[:len(whole)-1], "decompress: the data ends early: unexpected EOF"},
		"checksum":      {damaged, "decompress: gzip: invalid checksum"},
		"two values":    {append(bytes.Clone(whole), whole...), "decode string: "},
		"another value": {compress(t, []byte{0x01}), "decode string: "},
	} {
		if err := (gzipped.Serializer{}).Unmarshal(c.in, new(string)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if err := (gzipped.Serializer{}).Unmarshal(whole[:len(whole)-1], new(string)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(compress(f, []byte("\x81\xa1a\x01")))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := gzipped.Serializer{Limit: 1 << 16}
		var v any
		if err := s.Unmarshal(b, &v); err != nil {
			return
		}
		if _, err := (gzipped.Serializer{}).Marshal(v); err != nil {
			t.Fatalf("%#v was decoded and cannot be encoded: %v", v, err)
		}
	})
}
