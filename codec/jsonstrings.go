package codec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// replaced is what encoding/json writes for a byte that is not valid UTF-8. A valid U+FFFD is written
// as it is, so without these six characters no string was changed; with them, a string may also
// have held a backslash and "ufffd".
var replaced = []byte(`\ufffd`)

// checkStrings looks for a string that encoding/json had to change.
func checkStrings(v reflect.Value) error { return findInvalid(v, 0) }

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
)

func findInvalid(v reflect.Value, depth int) error {
	if !v.IsValid() || depth > 4*MaxDepth || v.Type().Implements(jsonMarshaler) {
		return nil
	}
	if v.Type().Implements(textMarshaler) && v.CanInterface() {
		return invalidText(v)
	}
	switch v.Kind() {
	case reflect.String:
		return invalidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return findInvalid(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := findInvalid(v.Index(i), depth+1); err != nil {
				return within(fmt.Sprintf("[%d]", i), err)
			}
		}
	case reflect.Map:
		return findInvalidPair(v, depth)
	case reflect.Struct:
		return findInvalidField(v, depth)
	}
	return nil
}

func invalidString(s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	at := firstInvalid(s)
	return fmt.Errorf("byte 0x%02x at offset %d is not valid UTF-8, which JSON cannot carry: use []byte", s[at], at)
}

func invalidText(v reflect.Value) error {
	if v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface && v.IsNil() {
		return nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return err
	}
	return invalidString(string(text))
}

func findInvalidPair(v reflect.Value, depth int) error {
	for it := v.MapRange(); it.Next(); {
		if err := findInvalid(it.Key(), depth+1); err != nil {
			return fmt.Errorf("map key: %w", err)
		}
		if err := findInvalid(it.Value(), depth+1); err != nil {
			return within(fmt.Sprintf("%.64s", fmt.Sprint(it.Key())), err)
		}
	}
	return nil
}

func findInvalidField(v reflect.Value, depth int) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if err := findInvalid(v.Field(i), depth+1); err != nil {
			return within(f.Name, err)
		}
	}
	return nil
}
