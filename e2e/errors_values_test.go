//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

type (
	pair struct {
		_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 read by the library through reflection
		A, B     int
	}
	link     struct{ Next *link }
	endless  *endless
	embedder struct {
		*embedder //lint:ignore U1000 a type that embeds itself is what the codec refuses
		N         int
	}
	interned struct {
		Name string `msgpack:",intern"`
	}
	huge   struct{ Bytes [1 << 16]int }
	bomber struct{}
)

func (*bomber) UnmarshalMsgpack([]byte) error { panic("bug") }
func (bomber) MarshalJSON() ([]byte, error)   { panic("bug") }
func (bomber) MarshalMsgpack() ([]byte, error) {
	return []byte{0xc0}, nil
}

// badBytes are bytes that do not fit a value: MessagePack.
var badBytes = []struct {
	bytes []byte
	into  any
}{
	{packed(300), new(int8)},
	{packed(math.MaxFloat64), new(float32)},
	{packed(1.5), new(int)},
	{packed(int64(1<<62 + 1)), new(float64)},
	{packed("x"), new(int)},
	{packed([]byte{1}), new([4]byte)},
	{packed([]int{1}), new([3]int)},
	{packed([]int{1, 2, 3}), new(pair)},
	{[]byte{0xd4, 5, 0}, new(time.Time)},
	{[]byte{0x82, 0xa1, 'n', 1, 0xa1, 'n', 1}, new(tinyNumber)},
	{[]byte{0x81, 1, 1}, new(tinyNumber)},
	{[]byte{1, 1}, new(int)},
	{append([]byte{0xdc, 0xff, 0xff}, bytes.Repeat([]byte{0xc0}, 0xffff)...), new([]huge)},
	{append(bytes.Repeat([]byte{0x91}, 300), 0), new(any)},
	{[]byte{0xa5, 'x'}, new(string)},
	{[]byte{0xdd, 0xff, 0, 0, 0}, new([]int)},
	{[]byte{0xc1}, new(any)},
	{[]byte{1}, new(bomber)},
	{[]byte{1}, 5},
	{[]byte{0xcd, 1}, new(int)},
	{[]byte{1}, selfish()},
}

func packed(v any) []byte {
	b, err := codec.MessagePackSerializer{}.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// selfish is a pointer that leads to itself.
func selfish() any {
	var v any
	v = &v
	return v
}

// badTexts are texts that do not fit a value: JSON.
var badTexts = []struct {
	text string
	into any
}{
	{`1e999`, new(any)},
	{`1`, new(string)},
	{"\"\xff\"", new(string)},
	{strings.Repeat("[", 300), new(any)},
	{`"\ud800"`, new(string)},
}

// badValues are values that cannot be encoded, by either serializer.
func badValues() (packs, texts []any) {
	circle := &link{}
	circle.Next = circle
	return []any{circle, uintptr(1), new(endless), map[any]int{1: 1}, embedder{}, interned{}}, []any{"\xff"}
}

func TestErrorsOfValues(t *testing.T) {
	c := openChapter(t, "Values")
	for i, bad := range badBytes {
		if err := (codec.MessagePackSerializer{}).Unmarshal(bad.bytes, bad.into); err == nil {
			t.Errorf("case %d, into %T: no error", i, bad.into)
		} else {
			c.meets(err)
		}
	}
	for _, bad := range badTexts {
		c.meets(codec.JsonSerializer{}.Unmarshal([]byte(bad.text), bad.into))
	}
	packs, texts := badValues()
	for _, v := range packs {
		_, err := codec.MessagePackSerializer{}.Marshal(v)
		c.meets(err)
	}
	for _, v := range texts {
		_, err := codec.JsonSerializer{}.Marshal(v)
		c.meets(err)
	}
	const explode rpc.Method[number, bomber] = "explode"
	c.meets(explodes(t, explode))
	for _, s := range []bad{{"Panicking", nil, nil}, {"Silent", []byte{}, nil}, {"Terminated", []byte("a\nb"), []byte("\n")}} {
		_, err := wire.FormatOf(s).Append(nil, &wire.Frame{Kind: wire.Ping}, nil, 1<<20)
		c.meets(err)
	}
	for begin, s := range map[string]lossy{
		"serializer SERIALIZER: a frame of kind TYPE cannot be encoded":           {encodes: "goodbye"},
		"serializer SERIALIZER: a frame of kind TYPE cannot be read":              {decodes: "goodbye"},
		"serializer SERIALIZER: a frame of kind TYPE comes back as":               {loses: `"items":512,`},
		"serializer SERIALIZER: a frame of kind TYPE comes back with the payload": {loses: "Zoë"},
	} {
		c.fits(begin, wire.TrySerializer(s))
	}
}

// A lossy serializer is JSON that loses a text, or fails where another stands.
type lossy struct {
	codec.JsonSerializer
	encodes, decodes, loses string
}

func (lossy) Name() string { return "LossySerializer" }

func (l lossy) Append(dst []byte, v any) ([]byte, error) {
	b, err := l.JsonSerializer.Append(dst, v)
	if l.encodes != "" && bytes.Contains(b, []byte(l.encodes)) {
		return dst, errors.ErrUnsupported
	}
	return b, err
}

func (l lossy) Unmarshal(text []byte, v any) error {
	if l.decodes != "" && bytes.Contains(text, []byte(l.decodes)) {
		return errors.ErrUnsupported
	}
	if l.loses != "" {
		text = bytes.ReplaceAll(text, []byte(l.loses), nil)
	}
	return l.JsonSerializer.Unmarshal(text, v)
}

// explodes is the error of a handler whose result cannot be encoded without a panic.
func explodes(t *testing.T, m rpc.Method[number, bomber]) error {
	o := rpc.Options{Serializer: codec.JsonSerializer{}, Handlers: rpc.NewMux(m.Handle(func(context.Context, number) (bomber, error) { return bomber{}, nil }))}
	r := newRawPeer(t, codec.JsonSerializer{}, o)
	b := make([]byte, 4096)
	r.send(wire.Frame{Kind: wire.Request, Type: string(m), Tx: wire.Tx{N: 1}}, number{})
	n, err := r.stream.Read(b)
	mustDo(t, err)
	f, err := r.format.Decode(bytes.TrimSpace(b[:n]))
	mustDo(t, err)
	var e rpc.Error
	mustDo(t, r.format.DecodePayload(&f, &e))
	return &e
}

// A bad serializer writes the same, whatever it is given.
type bad struct {
	name             string
	output, terminal []byte
}

func (b bad) Name() string                { return b.name }
func (b bad) Terminator() []byte          { return b.terminal }
func (b bad) Unmarshal([]byte, any) error { return errors.ErrUnsupported }
func (b bad) Marshal(any) ([]byte, error) {
	if b.output == nil {
		panic("bug")
	}
	return b.output, nil
}
