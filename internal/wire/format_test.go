package wire_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestAppendRefusesAFrameOverTheLimitAndLeavesTheBufferAsItWas(t *testing.T) {
	for _, l := range layouts {
		f := wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: "greet"}
		whole, err := l.format().Append([]byte("before"), &f, "0123456789", 1000)
		if err != nil || !strings.HasPrefix(string(whole), "before") {
			t.Fatal(err)
		}
		size := len(whole) - len("before") - max(len(l.format().Terminator()), 0)
		if l.format().Terminator() == nil {
			size -= 4
		}
		if _, err := l.format().Append(nil, &f, "0123456789", size); err != nil {
			t.Errorf("%s: a frame of the limit: %v", l.file, err)
		}
		left, err := l.format().Append([]byte("before"), &f, "0123456789", size-1)
		var large *wire.TooLarge
		if !errors.As(err, &large) || large.Size != size || string(left) != "before" {
			t.Errorf("%s: got %q, %v", l.file, left, err)
		}
	}
}

func TestAppendOfWhatCannotBeEncodedLeavesTheBufferAsItWas(t *testing.T) {
	for _, l := range layouts {
		left, err := l.format().Append([]byte("before"), &wire.Frame{Kind: wire.Result}, make(chan int), 1000)
		if err == nil || string(left) != "before" {
			t.Errorf("%s: got %q, %v", l.file, left, err)
		}
	}
}

func TestAUsersOutputMayNotContainItsTerminator(t *testing.T) {
	for name, c := range map[string]struct{ out, terminator string }{
		"within":                          {"a;;b", ";;"},
		"at the end":                      {"a;;", ";;"},
		"made by output's end and itself": {"xa", "aa"},
		"longer":                          {"x-=", "-=-=-"},
	} {
		s := rawSerializer{userSerializer{"UserSerializer", []byte(c.terminator)}, []byte(c.out)}
		left, err := wire.FormatOf(s).Append([]byte("b"), &wire.Frame{Kind: wire.Ping}, nil, 100)
		if err == nil || !strings.Contains(err.Error(), "UserSerializer wrote its own terminator") || string(left) != "b" {
			t.Errorf("%s: got %q, %v", name, left, err)
		}
	}
}

func TestAUsersSerializerThatWritesNothingIsRefused(t *testing.T) {
	for _, terminator := range []string{"", "\n"} {
		s := rawSerializer{userSerializer{"UserSerializer", []byte(terminator)}, nil}
		_, err := wire.FormatOf(s).Append(nil, &wire.Frame{Kind: wire.Ping}, nil, 100)
		if err == nil || err.Error() != "UserSerializer wrote nothing for a frame of kind ping" {
			t.Errorf("terminator %q: got %v", terminator, err)
		}
	}
}

// panicky panics at whatever it is asked.
type panicky struct{ userSerializer }

func (panicky) Marshal(any) ([]byte, error) { panic("boom") }
func (panicky) Unmarshal([]byte, any) error { panic("boom") }

func TestAPanicOfAUsersSerializerIsAnError(t *testing.T) {
	f := wire.FormatOf(panicky{userSerializer{name: "UserSerializer"}})
	_, sent := f.Append(nil, &wire.Frame{Kind: wire.Ping}, nil, 100)
	_, received := f.Decode([]byte("x"))
	decoded := f.DecodePayload(&wire.Frame{Payload: []byte("x")}, new(int))
	for _, err := range []error{sent, received, decoded} {
		if err == nil || !strings.Contains(err.Error(), "UserSerializer panicked: boom") {
			t.Errorf("got %v", err)
		}
	}
}

func TestEachSerializerFillsTheCallersOwnValue(t *testing.T) {
	for _, l := range layouts {
		b, err := l.format().Append(nil, &wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1}}, map[string]any{"name": "Ada"}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		buf, err := reader(l, strings.NewReader(string(b)), 1000).Frame()
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.format().Decode(buf.B)
		if err != nil {
			t.Fatal(err)
		}
		var who *greetRequest
		if err := l.format().DecodePayload(&f, &who); err != nil || who == nil || who.Name != "Ada" {
			t.Errorf("%s: got %+v, %v", l.file, who, err)
		}
		if err := l.format().DecodePayload(&f, new(int8)); err == nil {
			t.Errorf("%s: an object was decoded into an int8", l.file)
		}
	}
}

func TestJSONRefusesALineAndGoesOn(t *testing.T) {
	for name, line := range map[string]string{
		"not JSON": "hello", "cut off": `{"tx":1,`, "two values": `{"kind":"ping"} {}`, "an array": `[1,2]`, "null": "null", "a number": "7",
		"no kind": `{"tx":1}`, "unknown kind": `{"kind":"frobnicate"}`, "kind too large": `{"kind":"kind256"}`, "alias of a kind": `{"kind":"kind1"}`,
		"padded kind": `{"kind":"kind0200"}`, "kind with a tail": `{"kind":"kind200x"}`, "kind of another type": `{"kind":7}`,
		"fraction as tx": `{"kind":"ping","tx":1.5}`, "negative tx": `{"kind":"ping","tx":-1}`, "tx over 64 bits": `{"kind":"ping","tx":18446744073709551616}`,
		"object as tx": `{"kind":"ping","tx":{}}`, "null as tx": `{"kind":"ping","tx":null}`, "meta of another shape": `{"kind":"ping","meta":7}`,
		"negative items": `{"kind":"credit","meta":{"items":-1}}`, "not UTF-8": "{\"kind\":\"ping\",\"type\":\"\xff\"}",
		"cut within a character": "{\"kind\":\"ping\",\"type\":\"\xc3\"}", "deep": strings.Repeat("[", 100_000),
	} {
		_, err := jsonL.format().Decode([]byte(line))
		var corrupt *wire.Corrupt
		if !errors.As(err, &corrupt) || !corrupt.Recoverable || !strings.HasPrefix(err.Error(), "corrupt frame: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMessagePackRefusesAFrameForGood(t *testing.T) {
	for name, bytes := range map[string]string{
		"nothing": "", "a map": "80", "three elements": "93 0107a0", "six elements": "96 0107a0c0c0c0", "an array that claims 2^32-1": "ddffffffff",
		"negative kind": "94 ff07a0c0", "kind 256": "94 cd010007a0c0", "kind as text": "94 a17007a0c0", "nil as tx": "94 01c0a0c0", "negative tx": "94 01ffa0c0",
		"fraction as tx": "94 01ca3f800000a0c0", "type as a number": "94 010707c0", "type that claims 2^32-1 bytes": "94 0107dbffffffff",
		"meta as a number": "94 0107a007", "meta that claims 2^32-1 pairs": "94 0107a0dfffffffff", "meta with a number as key": "94 0107a0810707",
		"deadline as text": "94 0107a081 a8646561646c696e65 a0", "deadline over 63 bits": "94 0107a081 a8646561646c696e65 cfffffffffffffffff",
		"negative items": "94 0107a081 a56974656d73 ff", "headers as a list": "94 0107a081 a768656164657273 90", "a header's value as a number": "94 0107a081 a768656164657273 81a16107",
		"four elements and a payload": "94 0107a0c0c0", "five elements and none": "95 0107a0c0", "the reserved byte in an unknown field": "94 0107a081 a178c1",
		"an unknown field nested 1,000 deep": "94 0107a081 a178" + strings.Repeat("91", 1000) + "c0",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(bytes, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = packed.format().Decode(b)
		var corrupt *wire.Corrupt
		if !errors.As(err, &corrupt) || corrupt.Recoverable {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestUsersFramesAreRecoverableOnlyWithATerminator(t *testing.T) {
	for _, terminator := range []string{"", "\n"} {
		for _, frame := range []string{"garbage", `{"kind":"frobnicate"}`, `{}`} {
			_, err := user(terminator).format().Decode([]byte(frame))
			var corrupt *wire.Corrupt
			if !errors.As(err, &corrupt) || corrupt.Recoverable != (terminator != "") {
				t.Errorf("terminator %q, %s: got %v", terminator, frame, err)
			}
		}
	}
}

func TestUnknownFieldsOfALaterVersionAreSkipped(t *testing.T) {
	f, err := jsonL.format().Decode([]byte(`{"tx":1,"kind":"credit","later":{"a":[1]},"meta":{"items":3,"later":[]}}`))
	if err != nil || f.Meta.Items != 3 {
		t.Errorf("json: got %+v, %v", f, err)
	}
	b, _ := hex.DecodeString("940501a082" + "a178" + "81a161c0" + "a56974656d73" + "03")
	if f, err = packed.format().Decode(b); err != nil || f.Meta.Items != 3 {
		t.Errorf("messagepack: got %+v, %v", f, err)
	}
}

func TestEveryKindHasItsOwnNameAndComesBack(t *testing.T) {
	seen := map[string]bool{}
	for k := range 256 {
		kind := wire.Kind(k)
		if seen[kind.String()] {
			t.Errorf("two kinds are named %s", kind)
		}
		seen[kind.String()] = true
		if kind.Known() == (kind.String() == fmt.Sprintf("kind%d", k)) {
			t.Errorf("kind %d: known %v, named %s", k, kind.Known(), kind)
		}
		for _, l := range layouts {
			b, err := l.format().Append(nil, &wire.Frame{Kind: kind, Tx: wire.Tx{N: 1}}, nil, 1000)
			if err != nil {
				t.Fatal(err)
			}
			buf, err := reader(l, strings.NewReader(string(b)), 1000).Frame()
			if err != nil {
				t.Fatal(err)
			}
			if f, err := l.format().Decode(buf.B); err != nil || f.Kind != kind {
				t.Errorf("%s: kind %d came back as %d, %v", l.file, k, f.Kind, err)
			}
		}
	}
}

func TestExtremeNumbersComeBack(t *testing.T) {
	frames := []wire.Frame{
		{Kind: wire.Request, Tx: wire.Tx{N: math.MaxUint64}, Meta: wire.Meta{Deadline: math.MaxInt64, Items: math.MaxUint64, Bytes: math.MaxUint64}},
		{Kind: wire.Goodbye, Meta: wire.Meta{Lease: -5000, Then: "park"}},
		{Kind: wire.Goodbye, Meta: wire.Meta{Lease: math.MinInt64, Deadline: math.MinInt64}},
	}
	for _, s := range []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}} {
		l := layout{serializer: s}
		for _, want := range frames {
			b, err := l.format().Append(nil, &want, nil, 1000)
			if err != nil {
				t.Fatal(err)
			}
			buf, err := reader(l, strings.NewReader(string(b)), 1000).Frame()
			if err != nil {
				t.Fatal(err)
			}
			if f, err := l.format().Decode(buf.B); err != nil || !same(f, want) {
				t.Errorf("%s: got %+v, %v, expected %+v", s.Name(), f, err, want)
			}
		}
	}
}
