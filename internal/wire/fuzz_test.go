package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// seed adds the golden frames of a layout, without prefix or terminator.
func seed(f *testing.F, l layout) {
	for _, g := range goldenFrames() {
		b, err := l.format().Append(nil, &g.frame, g.payload, wire.DefaultMaxFrame)
		if err != nil {
			f.Fatal(err)
		}
		if n := len(l.format().Terminator()); n > 0 {
			f.Add(b[:len(b)-n])
		} else {
			f.Add(b[4:])
		}
	}
}

// redecode encodes what was decoded once more, without its payload, and expects to read the same.
func redecode(t *testing.T, l layout, f wire.Frame) {
	b, err := l.format().Append(nil, &f, nil, wire.DefaultMaxFrame)
	if err != nil {
		t.Fatalf("%+v does not encode: %v", f, err)
	}
	buf, err := reader(l, bytes.NewReader(b), wire.DefaultMaxFrame).Frame()
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	again, err := l.format().Decode(buf.B)
	if len(f.Meta.Headers) == 0 {
		f.Meta.Headers = nil // an empty map is not sent
	}
	if err != nil || !same(again, f) {
		t.Fatalf("%+v came back as %+v, %v", f, again, err)
	}
}

func fuzzDecode(f *testing.F, l layout) {
	seed(f, l)
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := l.format().Decode(b)
		if err != nil {
			var corrupt *wire.Corrupt
			if !errors.As(err, &corrupt) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		redecode(t, l, frame)
		var v any
		if err := l.format().DecodePayload(&frame, &v); err == nil && frame.Payload == nil && v != nil {
			t.Fatalf("a payload from nothing: %v", v)
		}
		var who greetRequest
		_ = l.format().DecodePayload(&frame, &who)
	})
}

func FuzzPackDecode(f *testing.F) { fuzzDecode(f, packed) }
func FuzzJSONDecode(f *testing.F) { fuzzDecode(f, jsonL) }

// chunks hands out data in pieces whose lengths sizes says. Few reads in a row give nothing: a hundred of them are a broken reader.
type chunks struct {
	data, sizes []byte
	empty       int // reads in a row that gave nothing
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := min(1, len(p))
	if len(c.sizes) > 0 {
		n, c.sizes = min(int(c.sizes[0]), len(p)), c.sizes[1:]
	}
	if c.empty++; n > 0 || c.empty > 10 {
		n, c.empty = max(n, 1), 0
	}
	n = copy(p[:n], c.data)
	c.data = c.data[n:]
	return n, nil
}

// expected is what a reader must return, found the simple way.
func expected(data, term []byte, limit int) (frames []string) {
	for {
		var body []byte
		if term == nil {
			if len(data) < 4 {
				return frames
			}
			n := uint64(binary.BigEndian.Uint32(data))
			if n == 0 || n > uint64(limit) || n > uint64(len(data)-4) {
				return frames
			}
			body, data = data[4:4+n], data[4+n:]
		} else {
			var found bool
			if body, data, found = bytes.Cut(data, term); !found || len(body) > limit {
				return frames
			}
			if string(term) == "\n" {
				body = bytes.TrimSuffix(body, []byte("\r"))
			}
		}
		if len(body) > 0 {
			frames = append(frames, string(body))
		}
	}
}

func FuzzReaderFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02ab\x00\x00\x00\x01c"), []byte{1, 3, 200})
	f.Add([]byte("a\r\n\nb\n"), []byte{})
	f.Add([]byte("aab;;b;;;\n;;\n"), []byte{0, 2, 1})
	f.Fuzz(func(t *testing.T, data, sizes []byte) {
		const limit = 64
		for _, l := range []layout{packed, jsonL, user(";;\n"), user("aab")} {
			r := reader(l, &chunks{data: data, sizes: sizes}, limit)
			for _, want := range expected(data, l.format().Terminator(), limit) {
				buf, err := r.Frame()
				if err != nil || string(buf.B) != want {
					t.Fatalf("terminator %q: got %v, %v, expected %q", l.format().Terminator(), buf, err, want)
				}
				buf.Release()
			}
			if buf, err := r.Frame(); err == nil {
				t.Fatalf("terminator %q: one more frame %q", l.format().Terminator(), buf.B)
			}
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(`{"hotplug":[1],"serializer":"JsonSerializer","token":"t","host":{"name":"h","pid":1,"id":"i"},"limits":{"frame":1,"inflight":2},"uses":[{"name":"greet","kind":"method","payload":{"kind":"string"}}]}`)
	f.Add(`{"hotplug":1,"answer":"a","plugin":{"name":"p","version":"1.0.0"},"features":["park"]}`)
	f.Add(`{"error":{"code":"busy","message":"another host"}}`)
	f.Fuzz(func(t *testing.T, line string) {
		host, err := wire.ReadHostHello(wire.NewReader(strings.NewReader(line + "\n")))
		if err == nil {
			_, _ = wire.PickVersion(host.Hotplug)
			_ = wire.CheckUses(host.Uses, host.Handles, true)
			if err := wire.WriteLine(io.Discard, host); err != nil && len(line) < wire.MaxHello/16 {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
		plugin, err := wire.ReadPluginHello(wire.NewReader(strings.NewReader(line + "\n")))
		if (plugin == nil) != (err != nil) {
			t.Fatalf("got %+v and %v", plugin, err)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a word")
		}
	})
}

func FuzzStartup(f *testing.F) {
	line, err := startup().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)/2])
	f.Add([]byte(`{"hotplug":[1],"serializer":"s","token":"t","answer":"a","listener":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := wire.ParseStartup(data)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			return // escapes made it longer than the limit
		}
		if _, err := wire.ParseStartup(again); err != nil {
			t.Fatalf("%q is read and %q is not: %v", data, again, err)
		}
	})
}
