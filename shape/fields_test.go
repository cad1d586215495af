//lint:file-ignore SA5008,U1000 odd tags and unused fields are what these tests are about

package shape_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

type (
	Base struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	hidden struct {
		Seen   bool
		unseen bool
	}
	Level2 struct {
		Base
		Deep string
	}
	Alias    string
	Looped   struct{ *Looped }
	sameName struct{ Name string }
	Tagged   struct {
		X int `json:"Clash"`
	}
	Untagged struct{ Clash int }
	named    struct {
		Base `json:"base"`
	}
)

// samples are structs whose fields encoding/json has rules about.
var samples = []struct {
	value any
	want  string
}{
	{struct{ A, b int }{}, "{A int64}"},
	{struct {
		A int `json:"-"`
		B int `json:"-,"`
	}{}, "{- int64}"},
	{struct {
		A int `json:"a b"`
		B int `json:"bad\"name"`
		C int `json:",omitempty"`
		D int `json:"d,omitzero"`
	}{}, "{a b int64, B int64, C? int64, d? int64}"},
	{struct{ Base }{}, "{id int64, name string}"},
	{struct{ *Base }{}, "{id? int64, name? string}"},
	{struct{ hidden }{}, "{Seen bool}"},
	{struct{ Level2 }{}, "{id int64, name string, Deep string}"},
	{struct {
		Base
		Name int `json:"name"`
	}{}, "{id int64, name int64}"},
	{struct {
		Tagged
		Untagged
	}{}, "{Clash int64}"},
	{struct {
		sameName
		Other struct{ Name string }
	}{}, "{Name string, Other {Name string}}"},
	{struct {
		Untagged
		hidden
		Base  Base
		Level Level2 `json:"level"`
	}{}, "{Clash int64, Seen bool, Base {id int64, name string}, level {id int64, name string, Deep string}}"},
	{named{}, "{base {id int64, name string}}"},
	{struct{ Alias }{}, "{Alias string}"},
	{Looped{}, "{}"},
	{struct {
		N int     `json:"n,string"`
		L []int   `json:"l,string"`
		P *int    `json:"p"`
		W *hidden `json:",omitempty"`
	}{}, "{n any, l []int64, p? *int64, W? *{Seen bool}}"},
	{struct{ D time.Duration }{}, "{D int64}"},
}

func TestFieldsFollowTheRulesOfEncodingJSON(t *testing.T) {
	for _, c := range samples {
		if got := shape.OfType(reflect.TypeOf(c.value)).String(); got != c.want {
			t.Errorf("%T:\n got %s\nwant %s", c.value, got, c.want)
		}
	}
}

func TestFieldsAreThoseThatEncodingJSONWrites(t *testing.T) {
	for _, c := range samples {
		filled := reflect.New(reflect.TypeOf(c.value)).Elem()
		fill(filled, 4)
		data, err := json.Marshal(filled.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range shape.OfType(reflect.TypeOf(c.value)).Fields {
			names = append(names, f.Name)
			if _, ok := got[f.Name]; !ok {
				t.Errorf("%T: field %q is not in %s", c.value, f.Name, data)
			}
		}
		for name := range got {
			if !slices.Contains(names, name) {
				t.Errorf("%T: field %q of %s is not described", c.value, name, data)
			}
		}
	}
}

// fill sets whatever can be set to something that is not zero.
func fill(v reflect.Value, depth int) {
	if !v.CanSet() && v.Kind() != reflect.Struct || depth == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth-1)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		if v.CanInt() {
			v.SetInt(1)
		}
	}
}
