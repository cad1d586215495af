package codec

import (
	"math"
	"reflect"
)

// loosen brings what was decoded into interfaces to the few types that [MessagePackSerializer.Unmarshal]
// promises: the library's own loose mode turns bytes into strings and small positive integers
// into uint64.
func loosen(v reflect.Value, p *plan, depth int) {
	if depth == 0 {
		return
	}
	switch p.shape {
	case anything:
		if !v.IsNil() && v.CanSet() {
			v.Set(reflect.ValueOf(loose(v.Interface())))
		}
	case pointer:
		if !v.IsNil() {
			loosen(v.Elem(), p.elem, depth-1)
		}
	case list, array:
		for i := 0; p.elem.holdsMore() && i < v.Len(); i++ {
			loosen(v.Index(i), p.elem, depth-1)
		}
	case dict:
		loosenMap(v, p, depth)
	case object:
		for _, f := range p.fields.list {
			if !f.plan.holdsMore() {
				continue
			}
			if fv, err := v.FieldByIndexErr(f.index); err == nil {
				loosen(fv, f.plan, depth-1)
			}
		}
	}
}

// holdsMore reports whether there can be an interface inside.
func (p *plan) holdsMore() bool {
	return p.shape >= pointer && p.shape != bytesN || p.shape == opaque && p.elem != nil
}

func loosenMap(v reflect.Value, p *plan, depth int) {
	if !p.elem.holdsMore() {
		return
	}
	for it := v.MapRange(); it.Next(); {
		elem := reflect.New(v.Type().Elem()).Elem()
		elem.Set(it.Value())
		loosen(elem, p.elem, depth-1)
		v.SetMapIndex(it.Key(), elem)
	}
}

func loose(x any) any {
	switch x := x.(type) {
	case int8:
		return int64(x)
	case int16:
		return int64(x)
	case int32:
		return int64(x)
	case uint8:
		return int64(x)
	case uint16:
		return int64(x)
	case uint32:
		return int64(x)
	case uint64:
		if x <= math.MaxInt64 {
			return int64(x)
		}
	case float32:
		return float64(x)
	case []any:
		for i := range x {
			x[i] = loose(x[i])
		}
	case map[string]any:
		for k, e := range x {
			x[k] = loose(e)
		}
	}
	return x
}
