package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/shape"
)

var wireForms = []struct {
	shape *shape.Shape
	wire  string
}{
	{shape.Of[any](), `"any"`},
	{&shape.Shape{Kind: shape.None}, `"none"`},
	{shape.Of[int](), `"int64"`},
	{shape.Of[*int8](), `"int8?"`},
	{shape.Of[[]byte](), `"bytes"`},
	{shape.Of[[]string](), `{"list":"string"}`},
	{shape.Of[[]*string](), `{"list":"string?"}`},
	{shape.Of[*[4]byte](), `{"list?":"uint8","len":4}`},
	{shape.Of[map[string]any](), `{"map":"any","key":"string"}`},
	{shape.Of[struct{}](), `{"struct":{}}`},
	{shape.Of[*person](), `{"struct?":{"name":"string","age":"int64","tags?":{"list":"string"}}}`},
	{shape.Of[struct {
		A int `json:"a?"`
		B int `json:"a!"`
		C int `json:"a,omitempty"`
		D int `json:"b?,omitempty"`
		E int `json:"<&>"`
	}](), `{"struct":{"a?!":"int64","a!!":"int64","a?":"int64","b??":"int64","\u003c\u0026\u003e":"int64"}}`},
}

func TestWireFormIsCompactAndComesBackAsItWas(t *testing.T) {
	for _, c := range wireForms {
		data, err := json.Marshal(c.shape)
		if err != nil || string(data) != c.wire {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.shape, data, err, c.wire)
			continue
		}
		var back shape.Shape
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(&back, c.shape) {
			t.Errorf("%s came back as %s, %v", c.shape, &back, err)
		}
	}
}

func TestUnmarshalReadsWhatANewerPeerWritesAsFarAsItKnows(t *testing.T) {
	for wire, want := range map[string]string{
		`"tensor"`:                              "any",
		`"any?"`:                                "any",
		`null`:                                  "any",
		`{}`:                                    "any",
		`{"union":["int64",{"deep":[[1]]}]}`:    "any",
		`{"list":"int64","unique":true}`:        "[]int64",
		`{"key":"int8","map":"bool"}`:           "map[int8]bool",
		`{"map":"bool"}`:                        "map[string]bool",
		`{"struct":{"a":"decimal","b":"int8"}}`: "{a any, b int8}",
		`{"list":null}`:                         "[]any",
	} {
		var s shape.Shape
		if err := json.Unmarshal([]byte(wire), &s); err != nil || s.String() != want {
			t.Errorf("%s: got %s, %v; want %s", wire, &s, err, want)
		}
	}
}

func TestUnmarshalRefusesNonsenseAndLeavesTheShapeAlone(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"list":`, n) + `"int8"` + strings.Repeat("}", n) }
	for wire, want := range map[string]string{
		`5`:                                   "expected a string or an object, found 5",
		`["int8"]`:                            "expected a string or an object",
		`true`:                                "found true",
		`{"list":"int8","map":"int8"}`:        "both list and map",
		`{"list":"int8","list?":"int8"}`:      "both list and list",
		`{"len":1,"len":2}`:                   `key "len" is there twice`,
		`{"struct":{"a":"int8","a?":"int8"}}`: `field "a" is there twice`,
		`{"struct":["a"]}`:                    "expected an object",
		`{"list":"int8","len":-1}`:            "array length -1",
		`{"list":"int8","len":1.5}`:           "array length 1.5",
		`{"list":"int8","len":99999999999999999999}`: "array length 9999",
		`{"list":"int8","len":"4"}`:                  "array length 4, expected a number",
		nested(shape.MaxDepth):                       "more than 64 levels",
		nested(5000):                                 "more than 64 levels",
		`{"struct":{"` + strings.Repeat("n", shape.MaxName+2) + `":"int8"}}`: "name of 258 bytes",
		`"` + strings.Repeat(" ", shape.MaxBytes) + `"`:                      "at most 1048576",
		manyFields(shape.MaxNodes, `"int8"`):                                 "or 4096 parts",
		manyFields(shape.MaxNodes/2-1, `{"map":"int8"}`):                     "or 4096 parts", // each has a key, said or not
	} {
		s := shape.Shape{Kind: shape.Bool}
		err := json.Unmarshal([]byte(wire), &s)
		if err == nil || !strings.Contains(err.Error(), want) || s.Kind != shape.Bool {
			t.Errorf("%.80s: got %v, want %q; the shape is %s", wire, err, want, &s)
		}
	}
	var s shape.Shape
	if err := json.Unmarshal([]byte(nested(shape.MaxDepth-1)), &s); err != nil {
		t.Errorf("the greatest depth allowed: %v", err)
	}
}

func manyFields(n int, each string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"` + strings.Repeat("a", i%200) + string(rune('a'+i%26)) + string(rune(0x4e00+i)) + `":` + each)
	}
	return `{"struct":{` + b.String()[1:] + `}}`
}

func TestUnmarshalCalledDirectlyRefusesWhatFollows(t *testing.T) {
	for _, wire := range []string{``, `"int8" 5`, `"int8"]`, `{"list":"int8"`, `{"list" "int8"}`} {
		var s shape.Shape
		if err := s.UnmarshalJSON([]byte(wire)); err == nil {
			t.Errorf("%s: read as %s", wire, &s)
		}
	}
}

func TestMarshalRefusesAShapeThatContainsItself(t *testing.T) {
	loop := &shape.Shape{Kind: shape.List}
	loop.Elem = loop
	if _, err := json.Marshal(loop); err == nil || !strings.Contains(err.Error(), "more than 64 levels") {
		t.Errorf("got %v", err)
	}
}

func TestEveryShapeIsCompatibleWithItself(t *testing.T) {
	for _, c := range wireForms {
		if err := shape.Compatible(c.shape, c.shape); err != nil {
			t.Errorf("%s: %v", c.shape, err)
		}
	}
}

func FuzzUnmarshalJSON(f *testing.F) {
	for _, c := range wireForms {
		f.Add([]byte(c.wire))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, back shape.Shape
		if s.UnmarshalJSON(data) != nil {
			return
		}
		again, err := s.MarshalJSON()
		if err != nil {
			t.Fatalf("%s cannot be written: %v", &s, err)
		}
		if err := back.UnmarshalJSON(again); err != nil || !reflect.DeepEqual(s, back) {
			t.Fatalf("%s came back as %s, %v", &s, &back, err)
		}
		if err := shape.Compatible(&s, &s); err != nil {
			t.Fatalf("not compatible with itself: %v", err)
		}
		if !json.Valid(s.JSONSchema()) {
			t.Fatalf("no JSON: %s", s.JSONSchema())
		}
	})
}
