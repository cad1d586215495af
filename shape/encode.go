package shape

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxLen is the longest array that is described.
const maxLen = 1 << 30

// MarshalJSON is the compact form for the handshake. Scalars are a string, "int64"; the others are objects with one
// key that says which: {"list":X}, {"list":X,"len":4}, {"map":X,"key":"string"}, {"struct":{"name":X,"age?":X}}.
// A question mark behind a kind says that null is a value ("int64?", {"struct?":...}), behind a field's name that
// the field may be absent. A required field whose own name ends in "?" or "!" gets one "!" more.
func (s *Shape) MarshalJSON() ([]byte, error) {
	e := encoder{left: MaxNodes}
	if err := e.shape(s, MaxDepth); err != nil {
		return nil, err
	}
	return e.out, nil
}

type encoder struct {
	out  []byte
	left int // nodes that may still be written: a shape of somebody's own making may contain itself
}

func (e *encoder) shape(s *Shape, depth int) error {
	e.left--
	if depth <= 0 || e.left < 0 {
		return fmt.Errorf("encode shape: more than %d levels or %d parts: use any for a part of it", MaxDepth, MaxNodes)
	}
	switch s.kind() {
	case List:
		return e.list(s, depth)
	case Map:
		return e.mapping(s, depth)
	case Struct:
		return e.structure(s, depth)
	}
	e.out = strconv.AppendQuote(e.out, mark(string(s.kind()), s != nil && s.Nullable && s.kind() != Any))
	return nil
}

func (e *encoder) list(s *Shape, depth int) error {
	e.open("list", s.Nullable)
	if err := e.shape(s.Elem, depth-1); err != nil {
		return err
	}
	if s.Len > 0 {
		e.out = append(e.out, `,"len":`...)
		e.out = strconv.AppendInt(e.out, int64(s.Len), 10)
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) mapping(s *Shape, depth int) error {
	e.open("map", s.Nullable)
	if err := e.shape(s.Elem, depth-1); err != nil {
		return err
	}
	e.out = append(e.out, `,"key":`...)
	if err := e.shape(s.Key, depth-1); err != nil {
		return err
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) structure(s *Shape, depth int) error {
	e.open("struct", s.Nullable)
	e.out = append(e.out, '{')
	for i, f := range s.Fields {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if len(f.Name) > MaxName {
			return fmt.Errorf("encode shape: field name of %d bytes, at most %d are allowed", len(f.Name), MaxName)
		}
		name, err := json.Marshal(markField(f))
		if err != nil {
			return err
		}
		e.out = append(append(e.out, name...), ':')
		if err := e.shape(f.Shape, depth-1); err != nil {
			return err
		}
	}
	e.out = append(e.out, "}}"...)
	return nil
}

func (e *encoder) open(kind string, nullable bool) {
	e.out = append(e.out, `{"`...)
	e.out = append(e.out, mark(kind, nullable)...)
	e.out = append(e.out, `":`...)
}

func mark(kind string, nullable bool) string {
	if nullable {
		return kind + "?"
	}
	return kind
}

// markField is a field's name with its mark, and unmarkField takes them apart again.
func markField(f Field) string {
	if f.Optional {
		return f.Name + "?"
	}
	if strings.HasSuffix(f.Name, "?") || strings.HasSuffix(f.Name, "!") {
		return f.Name + "!"
	}
	return f.Name
}

func unmarkField(marked string) (name string, optional bool) {
	if name, ok := strings.CutSuffix(marked, "?"); ok {
		return name, true
	}
	return strings.TrimSuffix(marked, "!"), false
}
