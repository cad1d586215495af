package codec_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
)

type narrow struct {
	Age   int8               `json:"age"`
	Port  uint16             `json:"port"`
	Big   int64              `json:"big"`
	Ratio float32            `json:"ratio"`
	Exact float64            `json:"exact"`
	Deep  []map[string]small `json:"deep"`
	Next  *narrow            `json:"next"`
	Pair  [2]int8            `json:"pair"`
	ID    [4]byte            `json:"id"`
	Keys  map[uint8]string   `json:"keys"`
}

type small struct {
	V *int8 `json:"v"`
}

func TestMessagePackRefusesNumbersThatDoNotFitByName(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{map[string]any{"age": 1 << 40}, `field "age": 1099511627776 does not fit int8 (-128 to 127)`},
		{map[string]any{"age": 128}, `field "age": 128 does not fit int8 (-128 to 127)`},
		{map[string]any{"age": -129}, `field "age": -129 does not fit int8 (-128 to 127)`},
		{map[string]any{"age": 3.7}, `field "age": 3.7 is not a whole number, int8 expected`},
		{map[string]any{"age": math.NaN()}, `field "age": NaN is not a whole number, int8 expected`},
		{map[string]any{"age": math.Inf(1)}, `field "age": +Inf is not a whole number, int8 expected`},
		{map[string]any{"age": 300.0}, `field "age": 300 does not fit int8 (-128 to 127)`},
		{map[string]any{"age": 1e300}, `field "age": 1e+300 does not fit int8 (-128 to 127)`},
		{map[string]any{"age": "7"}, `field "age": string found, int8 expected`},
		{map[string]any{"port": -1}, `field "port": -1 does not fit uint16 (0 to 65535)`},
		{map[string]any{"port": 65536}, `field "port": 65536 does not fit uint16 (0 to 65535)`},
		{map[string]any{"big": uint64(1 << 63)}, `field "big": 9223372036854775808 does not fit int64 (-9223372036854775808 to 9223372036854775807)`},
		{map[string]any{"big": float64(1 << 63)}, `field "big": 9223372036854775808 does not fit int64`},
		{map[string]any{"ratio": 1e300}, `field "ratio": 1e+300 does not fit float32 (up to 3.4028235e+38)`},
		{map[string]any{"ratio": 1<<24 + 1}, `field "ratio": 16777217 has more digits than float32 holds`},
		{map[string]any{"exact": 1<<53 + 1}, `field "exact": 9007199254740993 has more digits than float64 holds`},
		{map[string]any{"exact": -1<<53 - 1}, `field "exact": -9007199254740993 has more digits than float64 holds`},
		{map[string]any{"deep": []any{nil, map[string]any{"k": map[string]any{"v": 200}}}}, `field "deep[1].k.v": 200 does not fit int8`},
		{map[string]any{"next": map[string]any{"next": map[string]any{"age": 500}}}, `field "next.next.age": 500 does not fit int8`},
		{map[string]any{"pair": []int{1, 200}}, `field "pair[1]": 200 does not fit int8`},
		{map[string]any{"pair": []int{1}}, `field "pair": 1 elements found, [2]int8 expected`},
		{map[string]any{"pair": []int{1, 2, 3}}, `field "pair": 3 elements found, [2]int8 expected`},
		{map[string]any{"id": []byte("abc")}, `field "id": 3 bytes found, [4]uint8 expected`},
		{map[string]any{"keys": map[int]string{256: "a"}}, `field "keys": map key: 256 does not fit uint8 (0 to 255)`},
	} {
		data, err := codec.MessagePackSerializer{}.Marshal(c.in)
		if err != nil {
			t.Fatal(err)
		}
		err = codec.MessagePackSerializer{}.Unmarshal(data, &narrow{})
		if err == nil || !strings.HasPrefix(err.Error(), "decode narrow: "+c.want) {
			t.Errorf("%v:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestMessagePackTakesEveryEncodingOfANumberThatFits(t *testing.T) {
	for _, c := range []struct {
		in   any
		want narrow
	}{
		{map[string]any{"age": 3.0, "port": 65535.0}, narrow{Age: 3, Port: 65535}},
		{map[string]any{"age": float32(-128), "big": -9223372036854775808.0}, narrow{Age: -128, Big: math.MinInt64}},
		{map[string]any{"age": math.Copysign(0, -1)}, narrow{}},
		{map[string]any{"ratio": 0.5, "exact": float32(0.5)}, narrow{Ratio: 0.5, Exact: 0.5}},
		{map[string]any{"ratio": 0.1}, narrow{Ratio: 0.1}},
		{map[string]any{"ratio": 7, "exact": -7}, narrow{Ratio: 7, Exact: -7}},
		{map[string]any{"ratio": uint64(1 << 63), "exact": uint64(1 << 63)}, narrow{Ratio: 1 << 63, Exact: 1 << 63}},
		{map[string]any{"ratio": math.Inf(-1)}, narrow{Ratio: float32(math.Inf(-1))}},
		{map[string]any{"pair": []float64{1, 2}, "unknown": []any{1.5, 1 << 40}}, narrow{Pair: [2]int8{1, 2}}},
		{map[string]any{"age": nil, "pair": nil, "deep": nil, "next": nil, "id": nil, "keys": nil}, narrow{}},
	} {
		data, err := codec.MessagePackSerializer{}.Marshal(c.in)
		if err != nil {
			t.Fatal(err)
		}
		before := string(data)
		var got narrow
		if err := (codec.MessagePackSerializer{}).Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %+v, %v", c.in, got, err)
		}
		if string(data) != before {
			t.Errorf("%v: the input was changed", c.in)
		}
	}
}

func TestJsonRefusesNumbersThatDoNotFitByName(t *testing.T) {
	for in, want := range map[string]string{
		`{"age":300}`:                 `field "age": 300 does not fit int8 (-128 to 127)`,
		`{"age":3.7}`:                 `field "age": 3.7 is not a whole number, int8 expected`,
		`{"port":-1}`:                 `field "port": -1 does not fit uint16 (0 to 65535)`,
		`{"ratio":1e300}`:             `field "ratio": 1e300 does not fit float32`,
		`{"exact":1e400}`:             `field "exact": 1e400 does not fit float64`,
		`{"next":{"age":"7"}}`:        `field "next.age": string found, int8 expected`,
		`{"next":{"next":7}}`:         `field "next.next": number found, codec_test.narrow expected`,
		`{"big":9223372036854775808}`: `field "big": 9223372036854775808 does not fit int64`,
	} {
		err := codec.JsonSerializer{}.Unmarshal([]byte(in), &narrow{})
		if err == nil || !strings.HasPrefix(err.Error(), "decode narrow: "+want) {
			t.Errorf("%s:\n got %v\nwant %s", in, err, want)
		}
	}
	var v any
	if err := (codec.JsonSerializer{}).Unmarshal([]byte(`[1e400]`), &v); err == nil {
		t.Errorf("1e400 becomes %v", v)
	}
}

func TestErrorsOfUnnamedTargetsNameTheType(t *testing.T) {
	for _, s := range both {
		data, _ := s.Marshal(300)
		err := s.Unmarshal(data, new(int8))
		if err == nil || err.Error() != "decode int8: 300 does not fit int8 (-128 to 127)" {
			t.Errorf("%s: %v", s.Name(), err)
		}
	}
}
