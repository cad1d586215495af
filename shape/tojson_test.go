package shape_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

func TestToJSONWritesWhatADecoderYields(t *testing.T) {
	when := time.Date(2026, 3, 1, 10, 20, 30, 0, time.UTC)
	type small struct {
		B int8   `json:"b"`
		A string `json:"a"`
	}
	for _, c := range []struct {
		shape *shape.Shape
		value any
		want  string
	}{
		{shape.Of[int](), int8(5), "5"},
		{shape.Of[int](), uint64(5), "5"},
		{shape.Of[int](), float64(5), "5"},
		{shape.Of[int](), json.Number("9007199254740993"), "9007199254740993"},
		{shape.Of[uint64](), uint64(math.MaxUint64), "18446744073709551615"},
		{shape.Of[float64](), int64(5), "5"},
		{shape.Of[float32](), float32(0.1), "0.1"},
		{shape.Of[float64](), 1e21, "1e+21"},
		{shape.Of[string](), "<b>", `"<b>"`},
		{shape.Of[[]byte](), []byte{0, 1, 255}, `"AAH/"`},
		{shape.Of[[]byte](), "AAH/", `"AAH/"`},
		{shape.Of[[]byte](), []byte(nil), "null"},
		{shape.Of[time.Time](), when, `"2026-03-01T10:20:30Z"`},
		{shape.Of[time.Time](), "2026-03-01T10:20:30Z", `"2026-03-01T10:20:30Z"`},
		{shape.Of[[2]byte](), []byte{1, 2}, "[1,2]"},
		{shape.Of[[2]byte](), []any{1.0, 2.0}, "[1,2]"},
		{shape.Of[[]int](), []any{int8(1), nil}, "[1,null]"},
		{shape.Of[[]int](), []any(nil), "null"},
		{shape.Of[map[int]bool](), map[any]any{int8(2): true, int64(-1): false}, `{"-1":false,"2":true}`},
		{shape.Of[map[string]any](), map[string]any(nil), "null"},
		{shape.Of[small](), map[string]any{"a": "x", "b": int64(1), "new": []byte{1}}, `{"b":1,"a":"x","new":"AQ=="}`},
		{shape.Of[small](), map[any]any{"a": "x"}, `{"a":"x"}`},
		{shape.Of[*small](), nil, "null"},
		{shape.Of[any](), map[string]any{"z": when, "a": []any{1.5, []byte{1}, uint8(7)}},
			`{"a":[1.5,"AQ==",7],"z":"2026-03-01T10:20:30Z"}`},
		{shape.Of[any](), json.Number("12345678901234567890123"), "12345678901234567890123"},
		{shape.Of[any](), json.RawMessage(`{"a":1}`), `{"a":1}`},
		{shape.Of[any](), map[bool]int{true: 1}, `{"true":1}`},
	} {
		got, err := c.shape.ToJSON(c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s of %#v:\n got %s, %v\nwant %s", c.shape, c.value, got, err, c.want)
		}
	}
}

func TestToJSONNamesThePlaceOfAWrongValue(t *testing.T) {
	type outer struct {
		Age  int8      `json:"age"`
		Half float64   `json:"half"`
		Data []byte    `json:"data"`
		When time.Time `json:"when"`
		In   *person   `json:"in"`
	}
	loop := map[string]any{}
	loop["x"] = loop
	for _, c := range []struct {
		value any
		want  string
	}{
		{5, "the value: expected {age int8, half float64"},
		{map[string]any{"age": 128}, `field "age": 128 does not fit into int8 (-128 to 127)`},
		{map[string]any{"age": "x"}, `field "age": expected int8, found string "x"`},
		{map[string]any{"age": 1.5}, `field "age": expected int8, found number 1.5`},
		{map[string]any{"age": json.Number("1,2")}, `field "age": expected int8`},
		{map[string]any{"half": math.NaN()}, `field "half": NaN has no JSON form`},
		{map[string]any{"data": "?"}, `field "data": expected bytes, found string "?"`},
		{map[string]any{"when": "?"}, `field "when": expected time, found string "?"`},
		{map[string]any{"in": map[string]any{"tags": []any{"a", true}}}, `field "in.tags[1]": expected string, found true`},
		{map[string]any{"in": map[string]any{"tags": "a"}}, `field "in.tags": expected []string, found string "a"`},
		{map[string]any{"new": math.Inf(1)}, `field "new": +Inf has no JSON form`},
		{map[string]any{"new": map[any]any{1: 1, "1": 2}}, `field "new": two keys of the map are "1" in JSON`},
		{map[string]any{"new": map[any]any{[1]int{}: 1}}, `field "new": a map with keys of`},
		{loop, `nested more than 1000 levels deep`},
	} {
		_, err := shape.Of[outer]().ToJSON(c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v:\n got %.300v\nwant %s", c.want, err, c.want)
		}
	}
}
