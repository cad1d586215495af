package shape

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

func isList(v reflect.Value) bool { return v.Kind() == reflect.Slice || v.Kind() == reflect.Array }

func (w *writer) list(path string, s *Shape, v reflect.Value, depth int) error {
	if !isList(v) {
		return wrong(path, s, v)
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.out = append(w.out, "null"...)
		return nil
	}
	w.out = append(w.out, '[')
	for i := range v.Len() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(fmt.Sprintf("%s[%d]", path, i), s.Elem, v.Index(i), depth-1); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// object writes a map: as a struct in the order of its fields, with the rest behind them, else sorted.
func (w *writer) object(path string, s *Shape, v reflect.Value, depth int) error {
	if v.Kind() != reflect.Map {
		return wrong(path, s, v)
	}
	if v.IsNil() {
		w.out = append(w.out, "null"...)
		return nil
	}
	members, err := membersOf(path, v)
	if err != nil {
		return err
	}
	w.out = append(w.out, '{')
	first := len(w.out)
	for _, name := range order(s, members) {
		if len(w.out) > first {
			w.out = append(w.out, ',')
		}
		if err := w.text(name); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		at, inner := s.member(path, name)
		if err := w.value(at, inner, members[name], depth-1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// member is the place and the shape of a member of a struct, a map or something opaque.
func (s *Shape) member(path, name string) (string, *Shape) {
	if s.kind() == Map {
		return fmt.Sprintf("%s[%s]", path, clip(name)), s.Elem
	}
	if s.kind() == Struct {
		if f := s.field(name); f != nil {
			return join(path, name), f.Shape
		}
	}
	return join(path, name), nil
}

func order(s *Shape, members map[string]reflect.Value) []string {
	var names []string
	known := map[string]bool{}
	if s.kind() == Struct {
		for _, f := range s.Fields {
			if _, ok := members[f.Name]; ok && !known[f.Name] {
				names = append(names, f.Name)
				known[f.Name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !known[name] {
			names = append(names, name)
		}
	}
	return names
}

// membersOf is the map v by the text of its keys, which are strings, numbers or bools, perhaps in an interface.
func membersOf(path string, v reflect.Value) (map[string]reflect.Value, error) {
	members := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		name, ok := keyText(it.Key())
		if !ok {
			return nil, fmt.Errorf("%s: a map with keys of %s has no JSON form", place(path), it.Key().Type())
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%s: two keys of the map are %q in JSON", place(path), clip(name))
		}
		members[name] = it.Value()
	}
	return members, nil
}

func keyText(k reflect.Value) (string, bool) {
	if k.Kind() == reflect.Interface {
		k = k.Elem()
	}
	switch {
	case k.Kind() == reflect.String:
		return k.String(), true
	case k.Kind() == reflect.Bool:
		return fmt.Sprint(k.Bool()), true
	}
	if !k.IsValid() {
		return "", false
	}
	n, ok := numberIn(k)
	return n.String(), ok
}

// any writes a value without a shape by its Go type.
func (w *writer) any(path string, v reflect.Value, depth int) error {
	if _, ok := v.Interface().(time.Time); ok {
		return w.marshal(path, v.Interface())
	}
	switch {
	case opaque(v.Type()):
		return w.marshal(path, v.Interface())
	case v.CanFloat():
		return w.anyFloat(path, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return w.marshal(path, v.Interface())
	case isList(v):
		return w.list(path, &Shape{Kind: List}, v, depth)
	case v.Kind() == reflect.Map:
		return w.object(path, &Shape{Kind: Map}, v, depth)
	}
	return w.marshal(path, v.Interface())
}
