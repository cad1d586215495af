package manifest

import (
	"reflect"
	"strings"
)

// fieldOf is the field of a struct that bears a key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keyOf is the key of a field in JSON.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// keysOf are the keys of a struct in the order of its fields.
func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = keyOf(t.Field(i))
	}
	return keys
}

// wantOf says what a field allows, for an error.
func wantOf(t reflect.Type, tag reflect.StructTag) string {
	if r, ok := rules[tag.Get("rule")]; ok {
		return r.want
	}
	if l, ok := leaves[t]; ok {
		return l.want + bounds(tag)
	}
	switch {
	case t == reflect.TypeFor[Entry]():
		return wantEntry
	case t.Kind() == reflect.Int:
		return "a whole number" + bounds(tag) + ", at most 2147483647"
	}
	return kindString
}

// bounds says what the tags min, max and empty add to a type.
func bounds(tag reflect.StructTag) string {
	text := ""
	if v := tag.Get("min"); v != "" {
		text += ", at least " + v
	}
	if v := tag.Get("max"); v != "" {
		text += ", at most " + v
	}
	if tag.Get("empty") == "ok" {
		text += `, or ""`
	}
	return text
}
