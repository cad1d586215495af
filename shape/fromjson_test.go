package shape_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

// everything has a field of each kind that changes its form between the serializers.
type everything struct {
	Flag   bool             `json:"flag"`
	Small  int8             `json:"small"`
	Big    uint64           `json:"big"`
	Half   float32          `json:"half"`
	Full   float64          `json:"full"`
	Text   string           `json:"text"`
	Data   []byte           `json:"data"`
	Sum    [3]byte          `json:"sum"`
	When   time.Time        `json:"when"`
	Many   []int16          `json:"many"`
	ByName map[string]int32 `json:"byName"`
	ByID   map[int64]string `json:"byId"`
	Rank   map[uint8]bool   `json:"rank"`
	In     *person          `json:"in"`
	Loose  any              `json:"loose"`
	Later  *time.Time       `json:"later,omitempty"`
}

const everythingJSON = `{"flag":true,"small":-128,"big":18446744073709551615,"half":0.1,"full":5,"text":"a<b",` +
	`"data":"AAH/","sum":[1,2,255],"when":"2026-03-01T10:20:30.5Z","many":[1,-2],"byName":{"x":7},"byId":{"-9":"nine"},` +
	`"rank":{"255":true},"in":{"name":"Ada","age":9007199254740993},"loose":{"n":1,"f":1.5,"l":[null,"x"]}}`

func TestFromJSONYieldsTheTypesMeant(t *testing.T) {
	got, err := shape.Of[everything]().FromJSON([]byte(everythingJSON))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"flag": true, "small": int64(-128), "big": uint64(math.MaxUint64), "half": float32(0.1), "full": float64(5),
		"text": "a<b", "data": []byte{0, 1, 255}, "sum": [3]byte{1, 2, 255},
		"when": time.Date(2026, 3, 1, 10, 20, 30, 5e8, time.UTC), "many": []any{int64(1), int64(-2)},
		"byName": map[string]any{"x": int64(7)}, "byId": map[int64]any{-9: "nine"}, "rank": map[uint64]any{255: true},
		"in":    map[string]any{"name": "Ada", "age": int64(9007199254740993)},
		"loose": map[string]any{"n": int64(1), "f": 1.5, "l": []any{nil, "x"}},
	}
	for name, w := range want {
		if g := got.(map[string]any)[name]; !reflect.DeepEqual(g, w) {
			t.Errorf("%s: got %#v, want %#v", name, g, w)
		}
	}
	if len(got.(map[string]any)) != len(want) {
		t.Errorf("got %v", got)
	}
}

func TestFromJSONKeepsIntegersExactUnderAny(t *testing.T) {
	for text, want := range map[string]any{
		"9007199254740993": int64(9007199254740993), "-1": int64(-1), "18446744073709551615": uint64(math.MaxUint64),
		"1.0": 1.0, "1e3": 1e3, "null": nil, `"x"`: "x", "true": true,
	} {
		if got, err := shape.Of[any]().FromJSON([]byte(text)); err != nil || got != want {
			t.Errorf("%s: got %#v, %v", text, got, err)
		}
	}
}

func TestFromJSONTakesNullWhereGoDoes(t *testing.T) {
	for _, c := range []struct {
		shape *shape.Shape
		text  string
	}{
		{shape.Of[*int](), "null"},
		{shape.Of[[]int](), "null"},
		{shape.Of[[]byte](), "null"},
		{shape.Of[map[string]int](), "null"},
		{&shape.Shape{Kind: shape.None}, "null"},
		{&shape.Shape{Kind: shape.None}, " "},
	} {
		if got, err := c.shape.FromJSON([]byte(c.text)); got != nil || err != nil {
			t.Errorf("%s: got %v, %v", c.shape, got, err)
		}
	}
	got, err := shape.Of[person]().FromJSON([]byte(`{"tags":null}`))
	if v, there := got.(map[string]any)["tags"]; err != nil || v != nil || !there {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFromJSONNamesThePlaceWhatWasExpectedAndWhatWasFound(t *testing.T) {
	type outer struct {
		People []person         `json:"people"`
		Data   []byte           `json:"data"`
		When   time.Time        `json:"when"`
		Sum    [3]byte          `json:"sum"`
		Half   float32          `json:"half"`
		ByID   map[int8]string  `json:"byId"`
		Odd    map[bool]int     `json:"odd"`
		Scores map[string]uint8 `json:"scores"`
		Loose  any              `json:"loose"`
	}
	for text, want := range map[string]string{
		`{"people":[{"nmae":"x"}]}`:               `field "people[0].nmae" is unknown: did you mean "name"?`,
		`{"People":[]}`:                           `field "People" is unknown: did you mean "people"?`,
		`{"zzz":1}`:                               `field "zzz" is unknown: the fields are people, data, when, sum`,
		`{"people":[{"name":"x"},{"age":"old"}]}`: `field "people[1].age": expected int64, found string "old"`,
		`{"people":[{"age":1.5}]}`:                `field "people[0].age": expected int64, found number 1.5`,
		`{"people":[{"name":null}]}`:              `field "people[0].name": expected string, found null`,
		`{"people":[5]}`:                          `field "people[0]": expected {name string, age int64, tags? []string}, found number 5`,
		`{"people":{}}`:                           `field "people": expected []{name string, age int64, tags? []string}, found an object`,
		`{"people":[{"name":true}]}`:              `field "people[0].name": expected string, found true`,
		`{"people":[{"name":[1,2]}]}`:             `field "people[0].name": expected string, found a list of 2`,
		`{"data":"?"}`:                            `field "data": expected bytes in base64, found string "?"`,
		`{"when":"tomorrow"}`:                     `field "when": expected a time like 2006-01-02T15:04:05Z, found string "tomorrow"`,
		`{"sum":[1,2]}`:                           `field "sum": expected a list of 3, found a list of 2`,
		`{"sum":[1,2,256]}`:                       `field "sum[2]": 256 does not fit into uint8 (0 to 255)`,
		`{"half":1e39}`:                           `field "half": 1e39 does not fit into float32`,
		`{"byId":{"128":"x"}}`:                    `key of a map: field "byId[128]": 128 does not fit into int8 (-128 to 127)`,
		`{"byId":{"x":"x"}}`:                      `key of a map: field "byId[x]": expected int8, found number x`,
		`{"odd":{"true":1}}`:                      `field "odd": a map with keys of bool has no JSON form`,
		`{"scores":{"a":-1}}`:                     `field "scores[a]": expected uint8, found number -1`,
		`{"loose":[18446744073709551616]}`:        `field "loose[0]": 18446744073709551616 does not fit into int64 or uint64`,
		`{"loose":{"x":1e999}}`:                   `field "loose.x": 1e999 does not fit into float64`,
		`[1]`:                                     `the value: expected {people []{`,
		`{"half":}`:                               `not JSON at byte 9`,
		`{"half":1`:                               `not JSON`,
		`{} {}`:                                   `more than one JSON value`,
		``:                                        `no JSON: expected {people`,
	} {
		_, err := shape.Of[outer]().FromJSON([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(everythingJSON), []byte(`"any"`))
	f.Add([]byte(`{"a":[1,null],"b":{"1":"AA=="}}`), []byte(`{"struct":{"a?":{"list":"uint8?","len":2},"b":{"map":"bytes","key":"int8"}}}`))
	f.Add([]byte(`"2026-03-01T10:20:30Z"`), []byte(`"time"`))
	f.Fuzz(func(t *testing.T, data, wire []byte) {
		s := shape.Of[everything]()
		var other shape.Shape
		if other.UnmarshalJSON(wire) == nil {
			s = &other
		}
		v, err := s.FromJSON(data)
		if err != nil {
			return
		}
		text, err := s.ToJSON(v)
		if err != nil {
			t.Fatalf("%s: %#v was read but cannot be written: %v", s, v, err)
		}
		back, err := s.FromJSON(text)
		if err != nil || !reflect.DeepEqual(v, back) {
			t.Fatalf("%s: %#v is written as %s, which comes back as %#v, %v", s, v, text, back, err)
		}
	})
}
