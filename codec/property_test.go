package codec_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
)

// differs says where got is not what want becomes on its way; empty if nowhere. Numbers are equal by their bits, times by Equal. A nil slice or map stays nil and an
// empty one empty, but a field with omitempty: that is left out if it is empty, and so becomes zero. A pointer to what is written as null becomes nil.
func differs(want, got reflect.Value, path string, omitted bool) string {
	if a, ok := want.Interface().(time.Time); ok {
		return unless(a.Equal(got.Interface().(time.Time)), want, got, path)
	}
	if omitted && isEmpty(want) {
		return unless(got.IsZero(), want, got, path)
	}
	switch want.Kind() {
	case reflect.Float32, reflect.Float64:
		return unless(math.Float64bits(want.Float()) == math.Float64bits(got.Float()), want, got, path)
	case reflect.Pointer:
		if isNull(want) || got.IsNil() {
			return unless(isNull(want) && got.IsNil(), want, got, path)
		}
		return differs(want.Elem(), got.Elem(), path+"*", false)
	case reflect.Struct:
		for i := range want.NumField() {
			f := want.Type().Field(i)
			if d := differs(want.Field(i), got.Field(i), path+"."+f.Name, isOmitted(f)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		return differsInElements(want, got, path)
	case reflect.Map:
		return differsInPairs(want, got, path)
	}
	return unless(want.Equal(got), want, got, path)
}

func differsInElements(want, got reflect.Value, path string) string {
	if want.Len() != got.Len() || (want.Kind() == reflect.Slice && want.IsNil() != got.IsNil()) {
		return unless(false, want, got, path)
	}
	for i := range want.Len() {
		if d := differs(want.Index(i), got.Index(i), fmt.Sprintf("%s[%d]", path, i), false); d != "" {
			return d
		}
	}
	return ""
}

func differsInPairs(want, got reflect.Value, path string) string {
	if want.Len() != got.Len() || want.IsNil() != got.IsNil() {
		return unless(false, want, got, path)
	}
	for _, k := range want.MapKeys() {
		v := got.MapIndex(k)
		if !v.IsValid() {
			return fmt.Sprintf("%s: the key %v is missing", path, k)
		}
		if d := differs(want.MapIndex(k), v, fmt.Sprintf("%s[%v]", path, k), false); d != "" {
			return d
		}
	}
	return ""
}

func unless(same bool, want, got reflect.Value, path string) string {
	if same {
		return ""
	}
	return fmt.Sprintf("%s: %#v became %#v", path, want.Interface(), got.Interface())
}

// isOmitted reports whether a field is left out if it is empty.
func isOmitted(f reflect.StructField) bool {
	return strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
}

// isEmpty is what omitempty calls empty, in either serializer.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return v.IsZero()
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0
	}
	return v.IsZero()
}

// isNull reports whether v is written as null.
func isNull(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || isNull(v.Elem())
	case reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// sent is what v becomes on its way.
func sent(s codec.Serializer, v reflect.Value) (reflect.Value, error) {
	to := reflect.New(v.Type())
	data, err := s.Marshal(v.Interface())
	if err != nil {
		return v, err
	}
	return to.Elem(), s.Unmarshal(data, to.Interface())
}

// arrives sends one random value of a random type by either serializer.
func arrives(t *testing.T, seed uint64) {
	t.Helper()
	g := newGenerator(seed)
	want := reflect.New(g.typ(4)).Elem()
	g.fill(want)
	for _, s := range both {
		got, err := sent(s, want)
		if err != nil {
			t.Errorf("seed %d, %s: %s: %v", seed, s.Name(), want.Type(), err)
			continue
		}
		if d := differs(want, got, "value", false); d != "" {
			t.Errorf("seed %d, %s: %s: %s", seed, s.Name(), want.Type(), d)
		}
	}
}

func TestValuesOfRandomTypesWithoutAnyArriveEqualByEitherSerializer(t *testing.T) {
	for seed := uint64(1); seed <= 3000 && !t.Failed(); seed++ {
		arrives(t, seed)
	}
}

// FuzzValuesOfRandomTypes is the same, of any seed.
func FuzzValuesOfRandomTypes(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(arrives)
}

func TestFloatsThatAreNoNumbersArriveBitByBitInMessagePackAndAreRefusedByJson(t *testing.T) {
	for seed := uint64(1); seed <= 200; seed++ {
		g := newGenerator(seed)
		bits := oneOf(g, []uint64{0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000020000000 | g.Uint64()<<29&0x7ffffffffffff, math.Float64bits(math.Inf(1)), math.Float64bits(math.Inf(-1))})
		odd := math.Float64frombits(bits)
		for _, v := range []any{odd, float32(odd), []float64{1, odd}, map[string]float32{"x": float32(odd)}, struct{ F *float64 }{&odd}} {
			want := reflect.ValueOf(v)
			got, err := sent(codec.MessagePackSerializer{}, want)
			if d := differs(want, got, "value", false); err != nil || d != "" {
				t.Errorf("seed %d, %s: %s, %v", seed, want.Type(), d, err)
			}
			if data, err := (codec.JsonSerializer{}).Marshal(v); err == nil {
				t.Errorf("seed %d: JSON took %v: %s", seed, v, data)
			}
		}
	}
}
