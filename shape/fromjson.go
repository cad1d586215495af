package shape

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// FromJSON turns JSON that a person wrote into a value that either serializer encodes as the type meant: bool, int64,
// uint64, float32, float64, string, []byte (from base64), time.Time (from RFC 3339), []any, map[string]any, maps with
// int64 or uint64 keys, and [n]byte for an array of bytes. Under Any, whole numbers are int64, or uint64 if only that
// holds them. Absent fields stay absent. Errors name the place, what was expected and what was found; a field that the
// shape does not know is an error that names the nearest one.
func (s *Shape) FromJSON(data []byte) (any, error) {
	if len(bytes.TrimSpace(data)) == 0 && s.kind() == None {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, notJSON(err, s)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value: something follows the one that ends at byte %d", d.InputOffset())
	}
	return fromJSON("", s, v)
}

func notJSON(err error, s *Shape) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("no JSON: expected %s", s.brief())
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// unexpected is the error of a value that is not what the shape says.
func unexpected(path string, s *Shape, v any) error {
	return fmt.Errorf("%s: expected %s, found %s", place(path), s.brief(), describe(v))
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case json.Number:
		return "number " + clip(v.String())
	case string:
		return "string " + strconv.Quote(clip(v))
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "an object"
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprintf("%T", v)
}

func fromJSON(path string, s *Shape, v any) (any, error) {
	k := s.kind()
	if k == Any {
		return natural(path, v)
	}
	if v == nil && s.takesNull() {
		return nil, nil
	}
	switch v := v.(type) {
	case bool:
		if k == Bool {
			return v, nil
		}
	case string:
		return fromText(path, s, v)
	case json.Number:
		return fromNumber(path, s, v)
	case []any:
		if k == List {
			return fromList(path, s, v)
		}
	case map[string]any:
		return fromObject(path, s, v)
	}
	return nil, unexpected(path, s, v)
}

func fromText(path string, s *Shape, text string) (any, error) {
	switch s.Kind {
	case String:
		return text, nil
	case Bytes:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%s: expected bytes in base64, found %s: %w", place(path), describe(text), err)
		}
		return b, nil
	case Time:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("%s: expected a time like 2006-01-02T15:04:05Z, found %s", place(path), describe(text))
		}
		return t, nil
	}
	return nil, unexpected(path, s, text)
}

// fromNumber yields a float32 for a Float32: MessagePack refuses to read a float64 into one.
func fromNumber(path string, s *Shape, n json.Number) (any, error) {
	var v any
	var err error
	switch kind := numbers[s.Kind]; kind.family {
	case 'i':
		v, err = strconv.ParseInt(n.String(), 10, kind.bits)
	case 'u':
		v, err = strconv.ParseUint(n.String(), 10, kind.bits)
	case 'f':
		var f float64
		f, err = strconv.ParseFloat(n.String(), kind.bits)
		if v = f; kind.bits == 32 {
			v = float32(f)
		}
	default:
		return nil, unexpected(path, s, n)
	}
	if errors.Is(err, strconv.ErrRange) {
		return nil, tooLarge(path, s, n)
	}
	if err != nil {
		return nil, unexpected(path, s, n)
	}
	return v, nil
}

func tooLarge(path string, s *Shape, n json.Number) error {
	if least, greatest := bounds(s.kind()); least != "" {
		return fmt.Errorf("%s: %s does not fit into %s (%s to %s)", place(path), clip(n.String()), s.kind(), least, greatest)
	}
	return fmt.Errorf("%s: %s does not fit into %s", place(path), clip(n.String()), s.kind())
}

func fromList(path string, s *Shape, list []any) (any, error) {
	if s.Len > 0 && len(list) != s.Len {
		return nil, fmt.Errorf("%s: expected a list of %d, found %s", place(path), s.Len, describe(list))
	}
	out := make([]any, len(list))
	for i, v := range list {
		var err error
		if out[i], err = fromJSON(fmt.Sprintf("%s[%d]", path, i), s.Elem, v); err != nil {
			return nil, err
		}
	}
	if s.byteArray() {
		return byteArrayOf(out), nil
	}
	return out, nil
}

// byteArrayOf is a Go array: only that is a list of numbers to one serializer and binary to the other.
func byteArrayOf(list []any) any {
	array := reflect.New(reflect.ArrayOf(len(list), reflect.TypeFor[byte]())).Elem()
	for i, v := range list {
		if n, ok := v.(uint64); ok { // else null, which is 0
			array.Index(i).SetUint(n)
		}
	}
	return array.Interface()
}

func fromObject(path string, s *Shape, object map[string]any) (any, error) {
	switch s.Kind {
	case Struct:
		return fromStruct(path, s, object)
	case Map:
		return fromMap(path, s, object)
	}
	return nil, unexpected(path, s, object)
}

func fromStruct(path string, s *Shape, object map[string]any) (any, error) {
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		f := s.field(name)
		if f == nil {
			return nil, fmt.Errorf("%s is unknown: %s", place(join(path, name)), suggest(name, s.fieldNames()))
		}
		v := object[name]
		if v == nil && f.Optional {
			out[name] = nil
			continue
		}
		var err error
		if out[name], err = fromJSON(join(path, name), f.Shape, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
