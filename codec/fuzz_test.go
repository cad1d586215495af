package codec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
)

type fuzzed struct {
	narrow
	Any  any            `json:"any"`
	Map  map[string]any `json:"map"`
	Text []string       `json:"text"`
}

func FuzzMessagePackUnmarshal(f *testing.F) {
	for _, s := range claims {
		f.Add([]byte(s))
	}
	f.Add([]byte("\x82\xa3age\xd3\x00\x00\x01\x00\x00\x00\x00\x00\xa3any\x92\xcc\xc8\xd6\xff1234"))
	f.Add([]byte("\x83\xa4deep\x91\x81\xa1k\x81\xa1v\x07\xa4pair\x92\x01\xcb\x40\x08\x00\x00\x00\x00\x00\x00\xa3map\x81\xa1a\xc4\x01b"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, codec.MessagePackSerializer{}, data) })
}

func FuzzJsonUnmarshal(f *testing.F) {
	for _, s := range []string{`{"age":300}`, `{"any":[1,2.5,18446744073709551615,"\ud83d\ude42"],"map":{"a":{}}}`, `{"deep":[{"k":{"v":7}}],"pair":[1,2]}`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, codec.JsonSerializer{}, data) })
}

// fuzz decodes into a struct and into an any. What is accepted has to survive another round trip.
func fuzz(t *testing.T, s codec.Serializer, data []byte) {
	for _, v := range []any{new(fuzzed), new(any)} {
		if cost := allocated(func() { _ = s.Unmarshal(data, v) }); cost > 1<<20+1024*uint64(len(data)) {
			t.Fatalf("%d bytes of input cost %d", len(data), cost)
		}
		first := reflect.New(reflect.TypeOf(v).Elem())
		if err := s.Unmarshal(data, first.Interface()); err != nil {
			if strings.Contains(err.Error(), "panicked") {
				t.Fatalf("the check let through what the library panics on: %v", err)
			}
			continue
		}
		again, err := s.Marshal(first.Interface())
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		second := reflect.New(first.Type().Elem())
		if err := s.Unmarshal(again, second.Interface()); err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
	}
}
