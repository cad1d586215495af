package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// UnmarshalJSON reads the form that MarshalJSON writes. It is made for bytes of an untrusted peer: more than MaxBytes,
// MaxDepth, MaxNodes or a name over MaxName are refused. Kinds and keys of a newer version are read as Any. On an
// error s is unchanged.
func (s *Shape) UnmarshalJSON(data []byte) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("decode shape: %d bytes, at most %d are allowed", len(data), MaxBytes)
	}
	d := decoder{json: json.NewDecoder(bytes.NewReader(data)), left: MaxNodes}
	d.json.UseNumber()
	got, err := d.shape(MaxDepth)
	if err != nil {
		return fmt.Errorf("decode shape: %w", err)
	}
	if _, err := d.json.Token(); err != io.EOF {
		return fmt.Errorf("decode shape: something follows the shape at byte %d", d.json.InputOffset())
	}
	*s = *got
	return nil
}

type decoder struct {
	json *json.Decoder
	left int // nodes that may still come
}

func (d *decoder) shape(depth int) (*Shape, error) {
	if d.left--; d.left < 0 || depth <= 0 {
		return nil, fmt.Errorf("more than %d levels or %d parts", MaxDepth, MaxNodes)
	}
	token, err := d.json.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		return anyShape, nil
	case string:
		return scalar(t), nil
	case json.Delim:
		if t == '{' {
			return d.object(depth)
		}
	}
	return nil, fmt.Errorf("expected a string or an object, found %s at byte %d", clip(fmt.Sprint(token)), d.json.InputOffset())
}

func scalar(text string) *Shape {
	name, nullable := strings.CutSuffix(text, "?")
	k := Kind(name)
	if k == Any || !scalars[k] {
		return anyShape
	}
	if nullable {
		return nullables[k]
	}
	return plain[k]
}

// plain and nullables are the one shape of each scalar, as it is decoded: a peer that sends many of them costs no memory for each.
var plain, nullables = eachScalar(false), eachScalar(true)

func eachScalar(nullable bool) map[Kind]*Shape {
	all := make(map[Kind]*Shape, len(scalars))
	for k := range scalars {
		all[k] = &Shape{Kind: k, Nullable: nullable}
	}
	return all
}

// object reads {"list":...} and its like, behind the opening brace. Keys that it does not know are skipped.
func (d *decoder) object(depth int) (*Shape, error) {
	var s Shape
	seen := map[string]bool{}
	for d.json.More() {
		key, err := d.key(seen)
		if err != nil {
			return nil, err
		}
		if err := d.member(&s, key, depth); err != nil {
			return nil, err
		}
	}
	if _, err := d.json.Token(); err != nil {
		return nil, err
	}
	return s.normal(), nil
}

func (d *decoder) member(s *Shape, key string, depth int) (err error) {
	switch kind, nullable := strings.CutSuffix(key, "?"); {
	case kind == "list" || kind == "map" || kind == "struct":
		if s.Kind != "" {
			return fmt.Errorf("one shape is both %s and %s", s.Kind, kind)
		}
		s.Kind, s.Nullable = Kind(kind), nullable
		if kind == "struct" {
			s.Fields, err = d.fields(depth)
			return err
		}
		if kind == "map" {
			d.left-- // the key counts, said or not, so that what was read can be written
		}
		s.Elem, err = d.shape(depth - 1)
	case key == "key":
		s.Key, err = d.shape(depth - 1)
	case key == "len":
		s.Len, err = d.length()
	default:
		var skipped json.RawMessage
		err = d.json.Decode(&skipped)
	}
	return err
}

// normal drops what does not belong to the kind, so that each shape has one form.
func (s Shape) normal() *Shape {
	switch s.Kind {
	case List:
		return &Shape{Kind: List, Elem: s.Elem, Len: s.Len, Nullable: s.Nullable}
	case Map:
		key := s.Key
		if key == nil {
			key = plain[String]
		}
		return &Shape{Kind: Map, Elem: s.Elem, Key: key, Nullable: s.Nullable}
	case Struct:
		return &Shape{Kind: Struct, Fields: s.Fields, Nullable: s.Nullable}
	}
	return anyShape
}

func (d *decoder) length() (int, error) {
	token, err := d.json.Token()
	if err != nil {
		return 0, err
	}
	n, _ := token.(json.Number)
	v, err := n.Int64()
	if err != nil || v < 0 || v > maxLen {
		return 0, fmt.Errorf("array length %s, expected a number from 0 to %d", clip(fmt.Sprint(token)), maxLen)
	}
	return int(v), nil
}

func (d *decoder) fields(depth int) ([]Field, error) {
	token, err := d.json.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') {
		return nil, fmt.Errorf("fields of a struct: expected an object, found %s at byte %d", clip(fmt.Sprint(token)), d.json.InputOffset())
	}
	var fields []Field
	seen := map[string]bool{}
	for d.json.More() {
		marked, err := d.key(nil)
		if err != nil {
			return nil, err
		}
		f := Field{}
		f.Name, f.Optional = unmarkField(marked)
		if seen[f.Name] {
			return nil, fmt.Errorf("field %q is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Shape, err = d.shape(depth - 1); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	_, err = d.json.Token()
	return fields, err
}

// key reads a member's name, and refuses one that seen has already.
func (d *decoder) key(seen map[string]bool) (string, error) {
	token, err := d.json.Token()
	if err != nil {
		return "", err
	}
	name, ok := token.(string)
	switch {
	case !ok:
		return "", fmt.Errorf("expected a name, found %v", token)
	case len(name) > MaxName+1:
		return "", fmt.Errorf("name of %d bytes, at most %d are allowed", len(name), MaxName)
	case seen[name]:
		return "", fmt.Errorf("key %q is there twice", name)
	case seen != nil:
		seen[name] = true
	}
	return name, nil
}
