package shape

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// fromMap yields a map whose keys have the type meant: to MessagePack, the key 1 and the key "1" are different.
func fromMap(path string, s *Shape, object map[string]any) (any, error) {
	switch numbers[s.Key.kind()].family {
	case 'i':
		return mapOf(path, s, object, func(v any) int64 { return v.(int64) })
	case 'u':
		return mapOf(path, s, object, func(v any) uint64 { return v.(uint64) })
	}
	switch s.Key.kind() {
	case String, Any:
		return mapOf(path, s, object, func(v any) string { return v.(string) })
	}
	return nil, fmt.Errorf("%s: a map with keys of %s has no JSON form: the message needs keys of string or integer",
		place(path), s.Key.brief())
}

func mapOf[K comparable](path string, s *Shape, object map[string]any, typed func(any) K) (any, error) {
	out := make(map[K]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := fmt.Sprintf("%s[%s]", path, clip(name))
		key, err := mapKey(at, s.Key, name)
		if err != nil {
			return nil, err
		}
		if out[typed(key)], err = fromJSON(at, s.Elem, object[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func mapKey(path string, s *Shape, name string) (any, error) {
	if k := s.kind(); k == String || k == Any {
		return name, nil
	}
	key, err := fromNumber(path, s, json.Number(name))
	if err != nil {
		return nil, fmt.Errorf("key of a map: %w", err)
	}
	return key, nil
}
