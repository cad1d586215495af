package codec_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
)

// both are the serializers that come with the package.
var both = []codec.Serializer{codec.MessagePackSerializer{}, codec.JsonSerializer{}}

type nameless struct{ HexSerializer }

func (nameless) Name() string { return "" }

func TestRegisterPanicsOnATakenOrEmptyName(t *testing.T) {
	for _, s := range []codec.Serializer{codec.JsonSerializer{}, HexSerializer{}, nameless{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Register(%T) does not panic", s)
				}
			}()
			codec.Register(s)
		}()
	}
}

func TestLookupKnowsBothAndTheDefault(t *testing.T) {
	for name, want := range map[string]string{"": "MessagePackSerializer", "JsonSerializer": "JsonSerializer", "MessagePackSerializer": "MessagePackSerializer"} {
		s, err := codec.Lookup(name)
		if err != nil || s.Name() != want {
			t.Errorf("Lookup(%q): %v, %v", name, s, err)
		}
	}
	if names := strings.Join(codec.Names(), " "); names != "Base64Serializer HexSerializer JsonSerializer MessagePackSerializer" {
		t.Errorf("Names: %s", names)
	}
}

func TestTerminators(t *testing.T) {
	if got := (codec.JsonSerializer{}).Terminator(); string(got) != "\n" {
		t.Errorf("JSON: %q", got)
	}
	if got := (codec.MessagePackSerializer{}).Terminator(); got != nil {
		t.Errorf("MessagePack: %q", got)
	}
}

type failing struct{}

var errFailing = errors.New("will not")

func (failing) MarshalText() ([]byte, error)    { return nil, errFailing }
func (failing) MarshalMsgpack() ([]byte, error) { return nil, errFailing }

func TestAppendKeepsDstOnErrors(t *testing.T) {
	for _, s := range append(both, HexSerializer{}) {
		dst := append(make([]byte, 0, 1024), "head"...)
		got, err := codec.Append(s, dst, []any{"some text first", failing{}})
		if !errors.Is(err, errFailing) || string(got) != "head" || &got[0] != &dst[0] {
			t.Errorf("%s: %q, %v", s.Name(), got, err)
		}
	}
}

func TestAppendWritesInPlaceBehindDst(t *testing.T) {
	for _, s := range both {
		dst := append(make([]byte, 0, 1024), "head"...)
		got, err := codec.Append(s, dst, map[string]int{"a": 1})
		alone, _ := s.Marshal(map[string]int{"a": 1})
		if err != nil || string(got) != "head"+string(alone) || &got[0] != &dst[0] {
			t.Errorf("%s: %q, %v", s.Name(), got, err)
		}
	}
}

func TestUnmarshalRefusesWhatIsNotAPointer(t *testing.T) {
	loop := any(nil)
	loop = &loop
	for _, s := range both {
		data, _ := s.Marshal(1)
		for _, v := range []any{nil, 1, (*int)(nil), loop} {
			if err := s.Unmarshal(data, v); err == nil || !strings.Contains(err.Error(), "pointer") {
				t.Errorf("%s into %T: %v", s.Name(), v, err)
			}
		}
	}
}

type deep struct {
	Next *deep          `json:"next,omitempty"`
	List []deep         `json:"list,omitempty"`
	Map  map[string]any `json:"map,omitempty"`
}

func TestValuesThatContainThemselvesAreErrors(t *testing.T) {
	ring := &deep{}
	ring.Next = ring
	list := deep{List: make([]deep, 1)}
	list.List[0].List = list.List
	dict := map[string]any{}
	dict["self"] = []any{dict}
	var hop any
	hop = &hop
	for _, v := range []any{ring, list, dict, []any{dict}, hop, struct{ A fmt.Stringer }{(*selfish)(nil).ring()}} {
		for _, s := range both {
			if s.Name() == "JsonSerializer" && v == hop {
				continue // encoding/json finds it, but only as a cycle of pointers
			}
			if _, err := s.Marshal(v); err == nil {
				t.Errorf("%s encodes a %T that contains itself", s.Name(), v)
			}
		}
	}
}

// selfish can only be reached through an interface with methods.
type selfish struct{ Next *selfish }

func (*selfish) String() string { return "" }
func (*selfish) ring() *selfish { s := &selfish{}; s.Next = s; return s }

func TestNestingIsAllowedUpToMaxDepthAndNoFurther(t *testing.T) {
	nested := func(n int) any {
		v := any("core")
		for range n {
			v = []any{v}
		}
		return v
	}
	var mp codec.MessagePackSerializer
	if _, err := mp.Marshal(nested(codec.MaxDepth + 1)); err == nil {
		t.Error("MessagePack encodes what no receiver takes")
	}
	for _, s := range both {
		data, err := s.Marshal(nested(codec.MaxDepth))
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := s.Unmarshal(data, &v); err != nil {
			t.Errorf("%s at the limit: %v", s.Name(), err)
		}
	}
	inputs := map[string]string{
		"MessagePackSerializer": strings.Repeat("\x91", 1000) + "\x01",
		"JsonSerializer":        strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	}
	for _, s := range both {
		for _, v := range []any{new(any), new(deep), new([]any), new(map[string]any), new(string), &struct{}{}} {
			err := s.Unmarshal([]byte(inputs[s.Name()]), v)
			if err == nil {
				t.Errorf("%s takes 1,000 levels into %T", s.Name(), v)
			}
		}
		var v any
		if err := s.Unmarshal([]byte(inputs[s.Name()]), &v); err == nil || !strings.Contains(err.Error(), "deeper than 256") {
			t.Errorf("%s, 1,000 levels: %v", s.Name(), err)
		}
	}
}
