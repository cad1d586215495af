package shape_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/shape"
)

// What a person writes as JSON arrives as the same Go value, and comes back as the same JSON, whichever serializer
// carries it.
func TestBothSerializersEncodeTheTypeMeant(t *testing.T) {
	s := shape.Of[everything]()
	value, err := s.FromJSON([]byte(everythingJSON))
	if err != nil {
		t.Fatal(err)
	}
	var want everything
	if err := json.Unmarshal([]byte(everythingJSON), &want); err != nil {
		t.Fatal(err)
	}
	want.Loose = nil // its Go types are the serializer's own
	for _, c := range []codec.Serializer{codec.JsonSerializer{}, codec.MessagePackSerializer{}} {
		data, err := c.Marshal(value)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		var got everything
		if err := c.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		got.Loose, got.When = nil, got.When.UTC()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.Name(), got, want)
		}
	}
}

func TestBothSerializersDecodeIntoAnyWhatToJSONWrites(t *testing.T) {
	sent := everything{
		Flag: true, Small: -128, Big: 1 << 63, Half: 0.1, Full: 5, Text: "x", Data: []byte{0, 1, 255}, Sum: [3]byte{1, 2, 255},
		When: time.Date(2026, 3, 1, 10, 20, 30, 5e8, time.UTC), Many: []int16{1, -2}, ByName: map[string]int32{"x": 7},
		In: &person{Name: "Ada", Age: 9007199254740993},
	} // ByID and Rank are nil: MessagePackSerializer reads no keys but strings into any
	for _, c := range []codec.Serializer{codec.JsonSerializer{}, codec.MessagePackSerializer{}} {
		data, err := c.Marshal(sent)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		var loose any
		if err := c.Unmarshal(data, &loose); err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		text, err := shape.Of[everything]().ToJSON(loose)
		if err != nil {
			t.Errorf("%s: %v", c.Name(), err)
			continue
		}
		var got everything
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %s: %v", c.Name(), text, err)
		}
		if got.When = got.When.UTC(); !reflect.DeepEqual(got, sent) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.Name(), got, sent)
		}
	}
}
