//lint:file-ignore U1000 odd tags and unused fields are what these tests are about

package shape_test

import (
	"encoding/json"
	"math/big"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

type (
	size   uint8
	digest [32]byte
	token  []byte
	loud   struct{ text string } // encodes itself
	packed struct{ A int }       // with msgpack only
	tree   struct {
		Name     string `json:"name"`
		Children []tree `json:"children"`
		Parent   *tree  `json:"parent,omitempty"`
	}
	ping   struct{ Pong *pong }
	pong   struct{ Ping *ping }
	person struct {
		Name string   `json:"name"`
		Age  int      `json:"age"`
		Tags []string `json:"tags,omitempty"`
	}
)

func (loud) MarshalJSON() ([]byte, error)  { return []byte(`"LOUD"`), nil }
func (*packed) EncodeMsgpack(_ *int) error { return nil }

func TestOfDescribesEveryKindOfType(t *testing.T) {
	for _, c := range []struct {
		got  *shape.Shape
		want string
	}{
		{shape.Of[bool](), "bool"},
		{shape.Of[int](), "int64"},
		{shape.Of[uint](), "uint64"},
		{shape.Of[int8](), "int8"},
		{shape.Of[size](), "uint8"},
		{shape.Of[float32](), "float32"},
		{shape.Of[string](), "string"},
		{shape.Of[time.Duration](), "int64"},
		{shape.Of[time.Time](), "time"},
		{shape.Of[*time.Time](), "*time"},
		{shape.Of[[]byte](), "bytes"},
		{shape.Of[*[]byte](), "bytes"},
		{shape.Of[token](), "bytes"},
		{shape.Of[[]size](), "bytes"},
		{shape.Of[digest](), "[32]uint8"},
		{shape.Of[[4]int8](), "[4]int8"},
		{shape.Of[*[4]int8](), "*[4]int8"},
		{shape.Of[[0]int8](), "any"},
		{shape.Of[[]string](), "[]string"},
		{shape.Of[[]*int](), "[]*int64"},
		{shape.Of[***int](), "*int64"},
		{shape.Of[map[string]bool](), "map[string]bool"},
		{shape.Of[map[int32][]float64](), "map[int32][]float64"},
		{shape.Of[struct{}](), "{}"},
		{shape.Of[struct {
			A int `json:"a,omitempty" msgpack:"a,omitempty"`
		}](), "{a? int64}"},
		{shape.Of[person](), "{name string, age int64, tags? []string}"},
		{shape.Of[*person](), "*{name string, age int64, tags? []string}"},
		{shape.OfType(nil), "any"},
		{(*shape.Shape)(nil), "any"},
		{&shape.Shape{Kind: "tensor"}, "any"},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestOfLeavesOpaqueWhatItCannotKnow(t *testing.T) {
	for _, s := range []*shape.Shape{
		shape.Of[any](), shape.Of[error](), shape.Of[json.RawMessage](), shape.Of[json.Number](),
		shape.Of[big.Int](), shape.Of[*big.Int](), shape.Of[url.URL](), shape.Of[loud](), shape.Of[*loud](),
		shape.Of[packed](), shape.Of[chan int](), shape.Of[func()](), shape.Of[complex128](),
		shape.Of[struct{ loud }](), // the method is promoted
		shape.Of[struct {
			A int `json:"a" msgpack:"b"`
		}](),
		shape.Of[struct {
			_msgpack struct{} `msgpack:",as_array"`
			A        int
		}](),
	} {
		if s.Kind != shape.Any {
			t.Errorf("%s is not opaque", s)
		}
	}
}

func TestOfEndsRecursionWithAny(t *testing.T) {
	if got, want := shape.Of[tree]().String(), "{name string, children []any, parent? any}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := shape.Of[ping]().String(), "{Pong? *{Ping? any}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Each of these refers to all the others: spelled out, that is over a hundred million parts.
type (
	m0 struct{ A, B, C, D, E, F *m1 }
	m1 struct{ A, B, C, D, E, F *m2 }
	m2 struct{ A, B, C, D, E, F *m3 }
	m3 struct{ A, B, C, D, E, F *m4 }
	m4 struct{ A, B, C, D, E, F *m5 }
	m5 struct{ A, B, C, D, E, F []m6 }
	m6 struct{ A, B, C, D, E, F map[string]int8 }
)

func TestOfDescribesHugeTypesLessDeep(t *testing.T) {
	s := shape.Of[m0]()
	data, err := json.Marshal(s)
	if err != nil || len(data) > 64<<10 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if got := s.String(); !strings.HasPrefix(got, "{A? *{A? ") || !strings.Contains(got, "any") {
		t.Errorf("got %.60s", got)
	}
}

func TestOfGivesUpOnTooManyFieldsAndTooLongNames(t *testing.T) {
	var many []reflect.StructField
	for i := range 2000 {
		many = append(many, reflect.StructField{Name: "F" + strings.Repeat("x", i+1), Type: reflect.TypeFor[int]()})
	}
	if s := shape.OfType(reflect.StructOf(many)); s.Kind != shape.Any {
		t.Error("a struct of 2000 fields is described")
	}
	long := many[shape.MaxName : shape.MaxName+1]
	if s := shape.OfType(reflect.StructOf(long)); s.Kind != shape.Any {
		t.Error("a name that no peer accepts is described")
	}
}

func TestOfSharesOneResultAmongGoroutines(t *testing.T) {
	type fresh struct{ A []map[string]*person }
	got := make([]*shape.Shape, 16)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = shape.Of[fresh]() })
	}
	wg.Wait()
	for _, s := range got {
		if s != got[0] {
			t.Fatal("two shapes of one type")
		}
	}
}
