package shape_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

func TestCompatibleAllowsWhatLosesNothing(t *testing.T) {
	type wide struct {
		A int64
		B string
	}
	for _, c := range []struct {
		name             string
		sender, receiver *shape.Shape
	}{
		{"nil is any", nil, shape.Of[int]()},
		{"to nil", shape.Of[int](), nil},
		{"any", shape.Of[any](), shape.Of[person]()},
		{"to any", shape.Of[person](), shape.Of[any]()},
		{"kind of a newer version", &shape.Shape{Kind: "tensor"}, shape.Of[int]()},
		{"wider integer", shape.Of[int32](), shape.Of[int64]()},
		{"wider unsigned", shape.Of[uint8](), shape.Of[uint64]()},
		{"unsigned into wider signed", shape.Of[uint32](), shape.Of[int64]()},
		{"int is int64", shape.Of[int](), shape.Of[int64]()},
		{"wider float", shape.Of[float32](), shape.Of[float64]()},
		{"pointer", shape.Of[*int](), shape.Of[int]()},
		{"duration", shape.Of[time.Duration](), shape.Of[int64]()},
		{"array into slice", shape.Of[[3]int](), shape.Of[[]int]()},
		{"array into longer array", shape.Of[[3]int](), shape.Of[[4]int]()},
		{"array of bytes into longer one", shape.Of[[3]byte](), shape.Of[[4]byte]()},
		{"recursion", shape.Of[tree](), shape.Of[tree]()},
		{"receiver knows less", shape.Of[wide](), shape.Of[struct{ A int }]()},
		{"receiver knows more", shape.Of[struct{ A int }](), shape.Of[wide]()},
		{"struct into map of any", shape.Of[wide](), shape.Of[map[string]any]()},
		{"struct into map of its kind", shape.Of[struct{ A, B int8 }](), shape.Of[map[string]int64]()},
		{"optional", shape.Of[struct{ A *int8 }](), shape.Of[struct{ A int8 }]()},
		{"keys", shape.Of[map[int8]int](), shape.Of[map[int64]int]()},
	} {
		if err := shape.Compatible(c.sender, c.receiver); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCompatibleNamesTheFirstLoss(t *testing.T) {
	type inner struct {
		Age  int64 `json:"age"`
		Tags []int `json:"tags"`
	}
	type innerNarrow struct {
		Age  int8  `json:"age"`
		Tags []int `json:"tags"`
	}
	type innerText struct {
		Tags []string `json:"tags"`
	}
	for _, c := range []struct {
		sender, receiver *shape.Shape
		want             string
	}{
		{shape.Of[inner](), shape.Of[innerNarrow](), `field "age" is int64 at the sender and int8 at the receiver`},
		{shape.Of[struct{ In inner }](), shape.Of[struct{ In innerText }](),
			`field "In.tags[]" is int64 at the sender and string at the receiver`},
		{shape.Of[[]inner](), shape.Of[[]innerNarrow](), `element "[].age" is int64 at the sender and int8 at the receiver`},
		{shape.Of[map[uint8]int](), shape.Of[map[int8]int](), `element "[key]" is uint8 at the sender and int8 at the receiver`},
		{shape.Of[int](), shape.Of[uint](), "the value is int64 at the sender and uint64 at the receiver"},
		{shape.Of[uint64](), shape.Of[int64](), "the value is uint64 at the sender and int64 at the receiver"},
		{shape.Of[int64](), shape.Of[float64](), "the value is int64 at the sender and float64 at the receiver"},
		{shape.Of[float64](), shape.Of[float32](), "the value is float64 at the sender and float32 at the receiver"},
		{shape.Of[float32](), shape.Of[int64](), "the value is float32 at the sender and int64 at the receiver"},
		{shape.Of[string](), shape.Of[[]byte](), "the value is string at the sender and bytes at the receiver"},
		{shape.Of[time.Time](), shape.Of[string](), "the value is time at the sender and string at the receiver"},
		{shape.Of[[4]byte](), shape.Of[[]byte](), "the value is [4]uint8 at the sender and bytes at the receiver"},
		{shape.Of[[]int](), shape.Of[[4]int](), "the value is []int64 at the sender and [4]int64 at the receiver"},
		{shape.Of[[4]int](), shape.Of[[3]int](), "the value is [4]int64 at the sender and [3]int64 at the receiver"},
		{shape.Of[[4]byte](), shape.Of[[4]uint16](), "the value is [4]uint8 at the sender and [4]uint16 at the receiver"},
		{shape.Of[map[string]int](), shape.Of[struct{ A int }](),
			"the value is map[string]int64 at the sender and {A int64} at the receiver"},
		{shape.Of[struct{ A int }](), shape.Of[map[int]int](),
			"the value is {A int64} at the sender and map[int64]int64 at the receiver"},
		{shape.Of[struct{ A string }](), shape.Of[map[string]int](),
			`field "A" is string at the sender and int64 at the receiver`},
		{&shape.Shape{Kind: shape.None}, shape.Of[struct{}](), "the value is none at the sender and {} at the receiver"},
	} {
		err := shape.Compatible(c.sender, c.receiver)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s into %s:\n got %v\nwant %s", c.sender, c.receiver, err, c.want)
		}
	}
}

func TestMismatchGivesItsPartsToTheCaller(t *testing.T) {
	err := shape.Compatible(shape.Of[struct{ A int64 }](), shape.Of[struct{ A int8 }]())
	m, ok := errors.AsType[*shape.Mismatch](err)
	if !ok || *m != (shape.Mismatch{Path: "A", Sender: "int64", Receiver: "int8"}) || m.Place() != `field "A"` {
		t.Errorf("got %#v", err)
	}
}
