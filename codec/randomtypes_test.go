package codec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"time"
)

var scalarTypes = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](),
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](),
}

var keyTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint16](), reflect.TypeFor[uint64](),
}

// A generator makes types without any, and values of them, from a seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator { return &generator{rand.New(rand.NewPCG(seed, seed))} }

func oneOf[T any](g *generator, all []T) T { return all[g.IntN(len(all))] }

// typ is a type that nests at most depth deep.
func (g *generator) typ(depth int) reflect.Type {
	if depth == 0 || g.IntN(3) == 0 {
		return oneOf(g, scalarTypes)
	}
	switch g.IntN(6) {
	case 0:
		return reflect.PointerTo(g.typ(depth - 1))
	case 1:
		return reflect.SliceOf(g.typ(depth - 1))
	case 2:
		return reflect.ArrayOf(g.IntN(4), g.typ(depth-1))
	case 3:
		return reflect.MapOf(oneOf(g, keyTypes), g.typ(depth-1))
	}
	return g.structure(depth)
}

// structure is a struct, with tags that rename and leave out.
func (g *generator) structure(depth int) reflect.Type {
	var fields []reflect.StructField
	for i := range g.IntN(6) {
		f := reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: g.typ(depth - 1)}
		f.Tag = oneOf(g, []reflect.StructTag{"", reflect.StructTag(fmt.Sprintf(`json:"name %d"`, i)), `json:",omitempty"`, reflect.StructTag(fmt.Sprintf(`json:"n%d,omitempty"`, i))})
		fields = append(fields, f)
	}
	return reflect.StructOf(fields)
}

// fill sets v to a random value.
func (g *generator) fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(g.time()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if g.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem())
		}
	case reflect.Slice:
		if g.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), g.IntN(4), 4))
		}
		g.fillAll(v)
	case reflect.Array:
		g.fillAll(v)
	case reflect.Map:
		g.fillMap(v)
	case reflect.Struct:
		for i := range v.NumField() {
			g.fill(v.Field(i))
		}
	default:
		g.fillScalar(v)
	}
}

func (g *generator) fillAll(v reflect.Value) {
	for i := range v.Len() {
		g.fill(v.Index(i))
	}
}

func (g *generator) fillMap(v reflect.Value) {
	if g.IntN(4) == 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range g.IntN(4) {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		g.fill(key)
		g.fill(elem)
		v.SetMapIndex(key, elem)
	}
}

func (g *generator) fillScalar(v reflect.Value) {
	bits := oneOf(g, []uint64{0, 1, 127, 128, 255, 1 << 15, 1<<16 - 1, 1 << 31, 1<<32 - 1, 1<<53 + 1, 1 << 63, math.MaxUint64, g.Uint64()})
	switch {
	case v.CanInt():
		v.SetInt(int64(bits) << (64 - v.Type().Bits()) >> (64 - v.Type().Bits()))
	case v.CanUint():
		v.SetUint(bits << (64 - v.Type().Bits()) >> (64 - v.Type().Bits()))
	case v.CanFloat():
		v.SetFloat(g.float(v.Type().Bits()))
	case v.Kind() == reflect.Bool:
		v.SetBool(bits&1 == 1)
	case v.Kind() == reflect.String:
		v.SetString(oneOf(g, []string{"", "a", "é", "日本", "🙂", "\x00\n\"\\", "\u2028<&>", "\ufffd", "null", "0", fmt.Sprint(bits)}))
	default:
		panic("a type that is not generated: " + v.Type().String())
	}
}

// float is a number of so many bits: none that is not one, and finite.
func (g *generator) float(bits int) float64 {
	all := []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e-7, 1e21, float64(float32(0.3)), math.MaxFloat32, math.SmallestNonzeroFloat32}
	if bits == 64 {
		all = append(all, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi)
	}
	return oneOf(g, all)
}

// time is one between the years 0 and 9999, which both serializers can say, in any zone of whole minutes.
func (g *generator) time() time.Time {
	first, last := time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC).Unix()
	switch g.IntN(4) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(g.Int64N(1<<34), 0)
	}
	zone := time.FixedZone("", 60*(g.IntN(1440)-720))
	return time.Unix(first+g.Int64N(last-first), g.Int64N(1e9)).In(zone)
}
