package codec_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/go-hotplug/hotplug/codec"
)

type Inner struct {
	Text  string            `json:"text"`
	Bytes []byte            `json:"bytes"`
	Pairs map[string]string `json:"pairs"`
	Words []string          `json:"words,omitempty"`
}

type outer struct {
	Inner
	I8    int8             `json:"i8"`
	I16   int16            `json:"i16"`
	I32   int32            `json:"i32"`
	I64   int64            `json:"i64"`
	U8    uint8            `json:"u8"`
	U16   uint16           `json:"u16"`
	U32   uint32           `json:"u32"`
	U64   uint64           `json:"u64"`
	F32   float32          `json:"f32"`
	F64   float64          `json:"f64"`
	B     bool             `json:"b"`
	P     *int16           `json:"p"`
	List  []Inner          `json:"list"`
	Array [3]uint16        `json:"array"`
	Map   map[int32]*Inner `json:"map"`
	Fixed [4]byte          `json:"fixed"`
}

func TestRoundTripOfAnyStruct(t *testing.T) {
	for _, s := range both {
		same := func(in outer) bool {
			in = valid(in)
			data, err := s.Marshal(in)
			if err != nil {
				t.Log(err)
				return false
			}
			var out outer
			if err := s.Unmarshal(data, &out); err != nil {
				t.Log(err)
				return false
			}
			return reflect.DeepEqual(in, out)
		}
		if err := quick.Check(same, &quick.Config{MaxCount: 100}); err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
	}
}

// valid fills in what comes back otherwise than it went: text that is not UTF-8, and empty lists that
// omitempty leaves out.
func valid(o outer) outer {
	o.Inner = validInner(o.Inner)
	for i := range o.List {
		o.List[i] = validInner(o.List[i])
	}
	for _, p := range o.Map {
		if p != nil {
			*p = validInner(*p)
		}
	}
	return o
}

func validInner(in Inner) Inner {
	in.Text = strings.ToValidUTF8(in.Text, "é")
	pairs := map[string]string{}
	for k, v := range in.Pairs {
		pairs[strings.ToValidUTF8(k, "ß")] = strings.ToValidUTF8(v, "世")
	}
	in.Pairs = pairs
	for i := range in.Words {
		in.Words[i] = strings.ToValidUTF8(in.Words[i], "")
	}
	if len(in.Words) == 0 {
		in.Words = nil
	}
	return in
}

func TestRoundTripOfEveryNumberAtItsEdges(t *testing.T) {
	for _, in := range []any{
		int8(math.MinInt8), int8(math.MaxInt8), int16(math.MinInt16), int16(math.MaxInt16), int32(math.MinInt32),
		int32(math.MaxInt32), int64(math.MinInt64), int64(math.MaxInt64), uint8(math.MaxUint8), uint16(math.MaxUint16),
		uint32(math.MaxUint32), uint64(math.MaxUint64), uint64(math.MaxInt64 + 1), 0, -1, uint(0), float32(math.MaxFloat32),
		math.MaxFloat64, math.SmallestNonzeroFloat64, float32(math.SmallestNonzeroFloat32), math.Copysign(0, -1), time.Hour,
	} {
		for _, s := range both {
			data, err := s.Marshal(in)
			out := reflect.New(reflect.TypeOf(in))
			if err == nil {
				err = s.Unmarshal(data, out.Interface())
			}
			if err != nil || out.Elem().Interface() != in {
				t.Errorf("%s: %T %v: %v, %v", s.Name(), in, in, out.Elem(), err)
			}
		}
	}
}

func TestStringsOfAllLengthsAndScripts(t *testing.T) {
	for _, in := range []string{"", "é", "日本語", "🙂", "\x00\n\t\"\\", "\u2028<&>", `\ufffd`, "\ufffd", strings.Repeat("ä", 5<<20)} {
		for _, s := range both {
			var out string
			data, err := s.Marshal(in)
			if err == nil {
				err = s.Unmarshal(data, &out)
			}
			if err != nil || out != in {
				t.Errorf("%s: %.20q (%d bytes): %d bytes, %v", s.Name(), in, len(in), len(out), err)
			}
		}
	}
}

func TestMessagePackCarriesInvalidTextByteForByte(t *testing.T) {
	in := map[string]string{"a\xffb": "\xc3\x28"}
	var out map[string]string
	data, err := codec.MessagePackSerializer{}.Marshal(in)
	if err == nil {
		err = codec.MessagePackSerializer{}.Unmarshal(data, &out)
	}
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestBothDecodeAnAnyToTheSameTypes(t *testing.T) {
	in := map[string]any{
		"int": 5, "negative": -500, "200": uint8(200), "big": int64(math.MaxInt64), "huge": uint64(math.MaxUint64),
		"float": 1.5, "narrow": float32(0.5), "text": "é", "yes": true, "none": nil, "list": []any{1, "a", []int{300}}, "map": map[string]int{"x": 70000},
	}
	want := map[string]any{
		"int": int64(5), "negative": int64(-500), "200": int64(200), "big": int64(math.MaxInt64), "huge": uint64(math.MaxUint64),
		"float": 1.5, "narrow": 0.5, "text": "é", "yes": true, "none": nil, "list": []any{int64(1), "a", []any{int64(300)}}, "map": map[string]any{"x": int64(70000)},
	}
	type holder struct {
		A any            `json:"a"`
		L []any          `json:"l"`
		M map[string]any `json:"m"`
		P *any           `json:"p"`
		D map[string]*struct{ X any }
	}
	for _, s := range both {
		data, err := s.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var whole any = "what was there"
		if err := s.Unmarshal(data, &whole); err != nil || !reflect.DeepEqual(whole, any(want)) {
			t.Errorf("%s: %v, %v", s.Name(), whole, err)
		}
		var h holder
		data, _ = s.Marshal(map[string]any{"a": in, "l": []any{in}, "m": in, "p": 7, "D": map[string]any{"k": map[string]any{"X": 300}}})
		if err := s.Unmarshal(data, &h); err != nil {
			t.Fatal(err)
		}
		seven := any(int64(7))
		if w := (holder{A: want, L: []any{want}, M: want, P: &seven, D: map[string]*struct{ X any }{"k": {X: int64(300)}}}); !reflect.DeepEqual(h, w) {
			t.Errorf("%s: %+v, want %+v", s.Name(), h, w)
		}
	}
}

func TestMessagePackKeepsBytesAndTimesApartInAnAny(t *testing.T) {
	when := time.Date(2031, 2, 3, 4, 5, 6, 7, time.UTC)
	data, err := codec.MessagePackSerializer{}.Marshal([]any{[]byte("b"), when})
	var out []any
	if err == nil {
		err = codec.MessagePackSerializer{}.Unmarshal(data, &out)
	}
	if err != nil || len(out) != 2 {
		t.Fatal(out, err)
	}
	if b, ok := out[0].([]byte); !ok || !bytes.Equal(b, []byte("b")) {
		t.Errorf("bytes: %T", out[0])
	}
	if w, ok := out[1].(time.Time); !ok || !w.Equal(when) {
		t.Errorf("time: %T %v", out[1], out[1])
	}
}

func TestUnmarshalKeepsNoReferenceToItsInput(t *testing.T) {
	for _, s := range both {
		in := Inner{Text: "text", Bytes: []byte("bytes"), Pairs: map[string]string{"key": "value"}, Words: []string{"word"}}
		data, err := s.Marshal(in)
		var out Inner
		if err == nil {
			err = s.Unmarshal(data, &out)
		}
		for i := range data {
			data[i] = 0xff
		}
		if err != nil || !reflect.DeepEqual(in, out) {
			t.Errorf("%s: %+v, %v", s.Name(), out, err)
		}
	}
}
