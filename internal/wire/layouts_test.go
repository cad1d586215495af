package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// userSerializer is a serializer as a program may bring it: encoding/json with any terminator, or none.
type userSerializer struct {
	name       string
	terminator []byte
}

func (u userSerializer) Name() string                       { return u.name }
func (u userSerializer) Terminator() []byte                 { return u.terminator }
func (u userSerializer) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (u userSerializer) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// layout is one way to lay frames out.
type layout struct {
	file, title string
	serializer  codec.Serializer
	binary      bool // written in hexadecimal
}

func (l layout) format() wire.Format { return wire.FormatOf(l.serializer) }

var layouts = []layout{
	{"messagepack.txt", "MessagePackSerializer: u32 big-endian length, then [kind, tx, type, meta] or [kind, tx, type, meta, payload].", codec.MessagePackSerializer{}, true},
	{"json.txt", "JsonSerializer: one object and a newline.", codec.JsonSerializer{}, false},
	{"user-terminator.txt", "A user's serializer (encoding/json here) whose terminator is \";;\" and a newline.", userSerializer{"SemicolonSerializer", []byte(";;\n")}, false},
	{"user-prefixed.txt", "A user's serializer (encoding/json here) without a terminator: u32 big-endian length, then what it wrote.", userSerializer{"PlainSerializer", nil}, true},
}

func reader(l layout, r io.Reader, max int) *wire.Reader {
	out := wire.NewReader(r)
	out.SetFraming(l.format(), max)
	return out
}

// same compares what a frame says, apart from its payload's bytes.
func same(a, b wire.Frame) bool {
	a.Payload, b.Payload = nil, nil
	return reflect.DeepEqual(a, b)
}

// checkFrame decodes one frame's bytes and compares them with the golden.
func checkFrame(t *testing.T, l layout, g *golden, frame []byte) {
	t.Helper()
	f, err := l.format().Decode(frame)
	if err != nil || !same(f, g.frame) {
		t.Fatalf("%s: got %+v, %v", g.name, f, err)
	}
	if g.payload == nil {
		var untouched any = "as it was"
		if err := l.format().DecodePayload(&f, &untouched); err != nil || untouched != "as it was" {
			t.Fatalf("%s: a frame without a payload made %v, %v", g.name, untouched, err)
		}
		return
	}
	got := reflect.New(reflect.TypeOf(g.payload).Elem())
	if err := l.format().DecodePayload(&f, got.Interface()); err != nil || !reflect.DeepEqual(got.Interface(), g.payload) {
		t.Fatalf("%s: payload %+v, %v", g.name, got.Elem(), err)
	}
}

func TestFramesComeBackAsTheyWereSentHoweverTheStreamIsCut(t *testing.T) {
	for _, l := range layouts {
		for name, chunked := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "by the byte": iotest.OneByteReader,
			"in halves": iotest.HalfReader, "with the error": iotest.DataErrReader,
		} {
			t.Run(l.file+" "+name, func(t *testing.T) {
				frames := encoded(t, l)
				var stream bytes.Buffer
				for _, g := range frames {
					stream.Write(g.bytes)
				}
				r := reader(l, chunked(&stream), wire.DefaultMaxFrame)
				for i := range frames {
					buf, err := r.Frame()
					if err != nil {
						t.Fatalf("%s: %v", frames[i].name, err)
					}
					checkFrame(t, l, &frames[i], buf.B)
					buf.Release()
				}
				if _, err := r.Frame(); err != io.EOF {
					t.Fatalf("after the last frame: %v", err)
				}
			})
		}
	}
}

func TestEveryTruncatedFrameIsAnError(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.file, func(t *testing.T) {
			for _, g := range encoded(t, l) {
				for n := range g.bytes {
					_, err := reader(l, bytes.NewReader(g.bytes[:n]), wire.DefaultMaxFrame).Frame()
					want := io.ErrUnexpectedEOF
					if n == 0 {
						want = io.EOF
					}
					if !errors.Is(err, want) {
						t.Fatalf("%s cut at byte %d: got %v, expected %v", g.name, n, err, want)
					}
				}
			}
		})
	}
}

func TestEveryTruncatedEnvelopeIsAnError(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.file, func(t *testing.T) {
			for _, g := range encoded(t, l) {
				buf, err := reader(l, bytes.NewReader(g.bytes), wire.DefaultMaxFrame).Frame()
				if err != nil {
					t.Fatal(err)
				}
				for n := range buf.B {
					f, err := l.format().Decode(buf.B[:n:n])
					if err == nil && g.payload != nil {
						err = l.format().DecodePayload(&f, reflect.New(reflect.TypeOf(g.payload).Elem()).Interface())
					}
					if err == nil {
						t.Fatalf("%s cut at byte %d of its body is taken for %+v", g.name, n, f)
					}
				}
			}
		})
	}
}
