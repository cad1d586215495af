package shape

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// ToJSON turns a value that a serializer decoded into `any` into JSON for people: bytes in base64, times in RFC 3339,
// fields in the order of the shape with unknown ones behind them, keys of maps sorted. It takes what either serializer
// yields: a time or bytes may have been text already, numbers of any Go type count by their value, and null stays null.
// A value of another kind than the shape says, or one that JSON cannot hold (NaN), is an error that names the place.
func (s *Shape) ToJSON(v any) (json.RawMessage, error) {
	w := writer{}
	if err := w.value("", s, reflect.ValueOf(v), deepest); err != nil {
		return nil, err
	}
	return w.out, nil
}

// deepest is the nesting at which a value is given up: no serializer decodes such, so it contains itself.
const deepest = 1000

type writer struct {
	out []byte
}

// value writes v as s; depth counts down what may still be nested.
func (w *writer) value(path string, s *Shape, v reflect.Value, depth int) error {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch {
	case depth <= 0:
		return fmt.Errorf("%s: nested more than %d levels deep", place(path), deepest)
	case !v.IsValid():
		w.out = append(w.out, "null"...)
		return nil
	case s.kind() == Any:
		return w.any(path, v, depth)
	}
	switch s.Kind {
	case List:
		return w.list(path, s, v, depth)
	case Map, Struct:
		return w.object(path, s, v, depth)
	}
	return w.scalar(path, s, v)
}

func (w *writer) scalar(path string, s *Shape, v reflect.Value) error {
	switch s.Kind {
	case Bool:
		if v.Kind() == reflect.Bool {
			w.out = strconv.AppendBool(w.out, v.Bool())
			return nil
		}
	case String:
		if v.Kind() == reflect.String {
			return w.text(v.String())
		}
	case Bytes:
		if b, ok := bytesIn(v); ok {
			if b == nil {
				return w.marshal(path, nil)
			}
			return w.text(base64.StdEncoding.EncodeToString(b))
		}
	case Time:
		if t, ok := timeIn(v); ok {
			return w.marshal(path, t)
		}
	default:
		return w.number(path, s, v)
	}
	return wrong(path, s, v)
}

func wrong(path string, s *Shape, v reflect.Value) error {
	return unexpected(path, s, v.Interface())
}

// bytesIn takes bytes, or base64 that JSON left as it was.
func bytesIn(v reflect.Value) ([]byte, bool) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return v.Bytes(), true
	}
	if v.Kind() != reflect.String {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(v.String())
	return b, err == nil
}

// timeIn takes a time, or RFC 3339 that JSON left as it was.
func timeIn(v reflect.Value) (time.Time, bool) {
	if t, ok := v.Interface().(time.Time); ok {
		return t, true
	}
	if v.Kind() != reflect.String {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, v.String())
	return t, err == nil
}

// number writes any numeric Go value that is one of s.
func (w *writer) number(path string, s *Shape, v reflect.Value) error {
	n, ok := numberIn(v)
	if !ok {
		return wrong(path, s, v)
	}
	if numbers[s.Kind].family == 'f' && v.CanFloat() {
		return w.float(path, v)
	}
	if _, err := fromNumber(path, s, n); err != nil {
		return err
	}
	w.out = append(w.out, n...)
	return nil
}

// numberIn is the value in decimal. A whole float64, as JSON decodes all numbers to, is written as an integer.
func numberIn(v reflect.Value) (json.Number, bool) {
	switch {
	case v.CanInt():
		return json.Number(strconv.FormatInt(v.Int(), 10)), true
	case v.CanUint():
		return json.Number(strconv.FormatUint(v.Uint(), 10)), true
	case v.CanFloat():
		f := v.Float()
		if f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			return json.Number(strconv.FormatInt(int64(f), 10)), true
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, v.Type().Bits())), true
	}
	n, ok := v.Interface().(json.Number)
	return n, ok && json.Valid([]byte(n))
}

func (w *writer) float(path string, v reflect.Value) error {
	if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%s: %v has no JSON form", place(path), f)
	}
	return w.marshal(path, v.Interface())
}

// anyFloat writes a float so that it is read as one again, though no shape says so: with a point or an exponent.
func (w *writer) anyFloat(path string, v reflect.Value) error {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%s: %v has no JSON form", place(path), f)
	}
	text := strconv.FormatFloat(f, 'g', -1, v.Type().Bits())
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return w.marshal(path, json.RawMessage(text))
}

func (w *writer) text(text string) error { return w.marshal("", text) }

// marshal writes v as encoding/json does, but without escapes for HTML, which people find hard to read.
func (w *writer) marshal(path string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("%s: %w", place(path), err)
	}
	w.out = append(w.out, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
	return nil
}
