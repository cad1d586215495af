package serializertest

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
)

// Everything has a field of each sort that contracts use.
type Everything struct {
	Text   string            `json:"text"`
	Small  int8              `json:"small"`
	Int    int64             `json:"int"`
	Uint   uint64            `json:"uint"`
	Float  float64           `json:"float"`
	Bool   bool              `json:"bool"`
	Bytes  []byte            `json:"bytes"`
	Time   time.Time         `json:"time"`
	List   []Everything      `json:"list,omitempty"`
	Map    map[string]string `json:"map,omitempty"`
	Any    any               `json:"any,omitempty"`
	Ptr    *Everything       `json:"ptr,omitempty"`
	Absent *int              `json:"absent,omitempty"`
}

// values are round trips: what comes back is what was sent.
func values() map[string]Everything {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return map[string]Everything{
		"zero":     {},
		"smallest": {Small: math.MinInt8, Int: math.MinInt64, Float: -math.MaxFloat64},
		"largest":  {Small: math.MaxInt8, Int: math.MaxInt64, Uint: math.MaxUint64, Float: math.SmallestNonzeroFloat64, Bool: true},
		"texts":    {Text: "Zoë \U0001F600 \x00 \"\\ \r\n\n\n;\u2028", Map: map[string]string{"": "\n\n", "ü\n\n": "x"}},
		"bytes":    {Bytes: every, Time: time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC)},
		"nested":   {List: []Everything{{Text: "a"}, {List: []Everything{{Int: 1 << 60}}}}, Ptr: &Everything{Text: "b"}},
		"any":      {Any: map[string]any{"n": int64(1) << 60, "minus": int64(-1), "f": 1.5, "s": "x", "l": []any{true, nil}}},
	}
}

func testValues(t *testing.T, s codec.Serializer) {
	for name, want := range values() {
		b, err := s.Marshal(&want)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if term := s.Terminator(); len(term) > 0 && bytes.Contains(append(b[:len(b):len(b)], term[:len(term)-1]...), term) {
			t.Errorf("%s: the output contains the terminator %q:\n%q", name, term, b)
		}
		var got Everything
		if err := s.Unmarshal(b, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		clear(b) // what was decoded keeps no reference to it
		if len(got.Bytes) == 0 && len(want.Bytes) == 0 {
			got.Bytes = want.Bytes
		}
		got.Time = got.Time.UTC()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", name, got, want)
		}
	}
}

// testNumbers holds integers against fields that they do not fit.
func testNumbers(t *testing.T, s codec.Serializer) {
	for _, c := range []struct{ from, into any }{
		{128, new(int8)}, {-129, new(int8)}, {-1, new(uint)}, {256, new(uint8)}, {1 << 40, new(int32)}, {uint64(math.MaxUint64), new(int64)},
		{1.5, new(int)}, {1e300, new(float32)}, {"12", new(int)}, {true, new(int)},
	} {
		b, err := s.Marshal(map[string]any{"n": c.from})
		if err != nil {
			t.Errorf("%v: %v", c.from, err)
			continue
		}
		// a struct with the one field n, as a payload would have it
		v := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "N", Type: reflect.TypeOf(c.into), Tag: `json:"n"`}}))
		if err := s.Unmarshal(b, v.Interface()); err == nil {
			t.Errorf("%v became the %T %v", c.from, c.into, v.Elem().Field(0).Elem())
		}
	}
}

// testDamage cuts and extends what was encoded, and puts other bytes into it. Nothing may panic.
func testDamage(t *testing.T, s codec.Serializer) {
	whole := values()["nested"]
	b, err := s.Marshal(&whole)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) {
		if err := s.Unmarshal(b[:n:n], new(Everything)); err == nil {
			t.Errorf("%d of %d bytes are taken for the whole", n, len(b))
		}
	}
	for _, more := range []string{"x", string(b)} {
		if err := s.Unmarshal(append(b[:len(b):len(b)], more...), new(Everything)); err == nil {
			t.Errorf("%d bytes behind the value are taken", len(more))
		}
	}
	for i := range b {
		for _, other := range []byte{0, 0x7f, 0x80, 0xff, b[i] ^ 1} {
			broken := bytes.Clone(b)
			broken[i] = other
			var v any
			_ = s.Unmarshal(broken, &v)
			_ = s.Unmarshal(broken, new(Everything))
		}
	}
}

// testErrors wants errors for what is no value.
func testErrors(t *testing.T, s codec.Serializer) {
	for _, v := range []any{make(chan int), map[string]any{"f": func() {}}} {
		if b, err := s.Marshal(v); err == nil || len(b) != 0 {
			t.Errorf("%T was encoded as %q, %v", v, b, err)
		}
	}
	text, err := s.Marshal(map[string]any{"small": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unmarshal(text, new(Everything)); err == nil || !strings.Contains(err.Error(), "Everything") || !strings.Contains(strings.ToLower(err.Error()), "small") {
		t.Errorf("a text for a number: %v; the error should name the type and the field", err)
	}
}

func testName(t *testing.T, s codec.Serializer) {
	if a, b := s.Name(), s.Name(); a == "" || a != b || strings.ContainsAny(a, " \n\"") {
		t.Errorf("Name is %q and then %q", a, b)
	}
	if a, b := s.Terminator(), s.Terminator(); !bytes.Equal(a, b) {
		t.Errorf("Terminator is %q and then %q", a, b)
	}
	for _, known := range []string{"JsonSerializer", "MessagePackSerializer"} {
		if s.Name() == known {
			t.Errorf("Name %q belongs to the package codec", known)
		}
	}
}
