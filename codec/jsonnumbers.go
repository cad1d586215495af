package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"sync"
)

var interfaceHolders sync.Map // reflect.Type -> bool

// holdsInterface reports whether a value of t can hold an interface that encoding/json fills.
func holdsInterface(t reflect.Type) bool {
	if known, ok := interfaceHolders.Load(t); ok {
		return known.(bool)
	}
	holds := findInterface(t, map[reflect.Type]bool{})
	interfaceHolders.Store(t, holds)
	return holds
}

func findInterface(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || reflect.PointerTo(t).Implements(jsonUnmarshaler) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findInterface(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if findInterface(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// exactNumbers replaces every json.Number in an interface inside v by the number.
func exactNumbers(v reflect.Value, depth int) (err error) {
	if depth < 0 || !holdsInterface(v.Type()) {
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() && v.CanSet() && v.NumMethod() == 0 {
			return exactInterface(v)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return exactNumbers(v.Elem(), depth-1)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && err == nil; i++ {
			err = exactNumbers(v.Index(i), depth-1)
		}
	case reflect.Map:
		return exactMap(v, depth)
	case reflect.Struct:
		for i := 0; i < v.NumField() && err == nil; i++ {
			err = exactNumbers(v.Field(i), depth-1)
		}
	}
	return err
}

func exactInterface(v reflect.Value) error {
	x, err := exact(v.Interface())
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

func exactMap(v reflect.Value, depth int) error {
	for it := v.MapRange(); it.Next(); {
		elem := reflect.New(v.Type().Elem()).Elem()
		elem.Set(it.Value())
		if err := exactNumbers(elem, depth-1); err != nil {
			return err
		}
		v.SetMapIndex(it.Key(), elem)
	}
	return nil
}

func exact(x any) (_ any, err error) {
	switch x := x.(type) {
	case json.Number:
		return exactNumber(string(x))
	case []any:
		for i := 0; i < len(x) && err == nil; i++ {
			x[i], err = exact(x[i])
		}
	case map[string]any:
		for k, e := range x {
			if x[k], err = exact(e); err != nil {
				return x, err
			}
		}
	}
	return x, err
}

func exactNumber(s string) (any, error) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return u, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit float64", s)
	}
	return f, nil
}
