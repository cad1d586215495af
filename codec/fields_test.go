//lint:file-ignore SA5008 odd tags and unused fields are what these tests are about

package codec

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/go-hotplug/hotplug/internal/mp"
)

type (
	Base    struct{ A, B int8 }
	Shadow  struct{ B, C int8 }
	private struct{ D int8 }
	Named   int8
	Timed   struct{ When time.Time }
)

// structs are all the ways to name and embed fields that the library tells apart.
var structs = []any{
	struct{ X, y int8 }{},
	struct {
		X int8 `json:"x,omitempty" msgpack:"ex"`
		Y int8 `json:"y,string"`
		Z int8 `json:"-"`
		W int8 `json:"-,"`
		V int8 `json:",omitempty"`
		U int8 `json:"spaced,omitempty"`
	}{X: 1, V: 1, U: 1},
	struct{ Base }{},
	struct{ *Base }{&Base{}},
	struct {
		Base `json:"base"`
		C    int8
	}{},
	struct {
		Base `msgpack:"base,noinline"`
		C    int8
	}{},
	struct {
		B int8
		Base
	}{},
	struct {
		B    int8
		Base `msgpack:",inline"`
	}{},
	struct {
		Base
		B int8
	}{},
	struct {
		Base
		Shadow
	}{},
	struct {
		private
		E int8
	}{},
	struct {
		Named
		E int8
	}{},
	struct {
		Timed
		E int8
	}{},
	struct {
		time.Duration
		E int8
	}{},
	struct {
		E int8 `msgpack:"e,alias:other"`
	}{},
	struct {
		E int8 `json:"name:x"`
		F int8 `json:"f,key:value"`
	}{},
}

func TestFieldsAreTheOnesThatTheLibraryWrites(t *testing.T) {
	for _, s := range structs {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.SetCustomStructTag("json")
		if err := enc.Encode(s); err != nil {
			t.Fatalf("%T: %v", s, err)
		}
		var got []string
		for _, f := range infoOf(reflect.TypeOf(s)).plan.fields.list {
			got = append(got, f.name)
		}
		if want := topKeys(t, buf.Bytes()); !slices.Equal(got, want) {
			t.Errorf("%T: fields %q, the library writes %q", s, got, want)
		}
	}
}

// Every name that the library decodes into an int8 has to be refused for 300, wherever it is embedded.
func TestEveryFieldThatTheLibraryFillsIsChecked(t *testing.T) {
	names := []string{"A", "B", "C", "D", "E", "F", "X", "ex", "x", "y", "Z", "W", "V", "U", "spaced", "Named", "e", "other", "f", "name:x", "-"}
	for _, s := range structs {
		for _, name := range names {
			data, _ := msgpack.Marshal(map[string]any{name: 44})
			filled := reflect.New(reflect.TypeOf(s))
			dec := msgpack.NewDecoder(bytes.NewReader(data))
			dec.SetCustomStructTag("json")
			if !fills(dec, filled) {
				continue
			}
			data, _ = msgpack.Marshal(map[string]any{name: 300})
			if err := (MessagePackSerializer{}).Unmarshal(data, reflect.New(reflect.TypeOf(s)).Interface()); err == nil {
				t.Errorf("%T takes 300 as %q", s, name)
			}
		}
	}
}

// fills reports whether decoding changes the value.
func fills(dec *msgpack.Decoder, into reflect.Value) (changed bool) {
	defer func() { _ = recover() }() // unexported embedded fields make the library panic
	return dec.Decode(into.Interface()) == nil && !into.Elem().IsZero()
}

func topKeys(t *testing.T, b []byte) (names []string) {
	n, b, err := mp.ReadMapHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		var name []byte
		name, b, err = mp.ReadString(b)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = mp.Skip(b); err != nil {
			t.Fatal(err)
		}
		names = append(names, string(name))
	}
	return names
}

func TestNamesWithoutAFieldOfTheirOwnAreKnownToo(t *testing.T) {
	fields := infoOf(reflect.TypeOf(structs[4])).plan.fields
	if got := slices.Sorted(maps.Keys(fields.byName)); !slices.Equal(got, []string{"A", "B", "C", "base"}) {
		t.Errorf("names: %q", got)
	}
}
