package shape

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
	"time"
)

// Of is OfType for a type that is known when the program is written.
func Of[T any]() *Shape { return OfType(reflect.TypeFor[T]()) }

var derived sync.Map // reflect.Type -> *Shape

// OfType returns the shape of t; nil is Any. The result is shared: do not change it. It may be called by many
// goroutines at once, and works out each type once.
func OfType(t reflect.Type) *Shape {
	if t == nil {
		return anyShape
	}
	if s, ok := derived.Load(t); ok {
		return s.(*Shape)
	}
	s, _ := derived.LoadOrStore(t, derive(t))
	return s.(*Shape)
}

// Types that refer to each other many times over have shapes that grow beyond any use. deriveNodes is what a
// message may cost in a handshake; a shape beyond it is worked out again, less deep, until it fits.
const deriveNodes = 1024

func derive(t reflect.Type) *Shape {
	for depth := MaxDepth; depth > 0; depth /= 2 {
		d := deriver{budget: deriveNodes, open: map[reflect.Type]bool{}}
		if s := d.shape(t, depth); d.budget >= 0 {
			return s
		}
	}
	return anyShape
}

// deriver is one attempt at one type.
type deriver struct {
	budget int                   // nodes that may still be made; below 0 the attempt has failed
	open   map[reflect.Type]bool // the named types around the one that is being described
}

func (d *deriver) shape(t reflect.Type, depth int) *Shape {
	d.budget--
	if depth <= 0 || d.budget < 0 || d.open[t] {
		return anyShape
	}
	if t == reflect.TypeFor[time.Time]() {
		return &Shape{Kind: Time}
	}
	if opaque(t) {
		return anyShape
	}
	if t.Name() != "" {
		d.open[t] = true
		defer delete(d.open, t)
	}
	return d.structure(t, depth)
}

func (d *deriver) structure(t reflect.Type, depth int) *Shape {
	switch t.Kind() {
	case reflect.Pointer:
		return d.pointer(t, depth)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !opaque(t.Elem()) {
			return &Shape{Kind: Bytes}
		}
		return &Shape{Kind: List, Elem: d.shape(t.Elem(), depth-1)}
	case reflect.Array:
		return d.array(t, depth)
	case reflect.Map:
		return &Shape{Kind: Map, Key: d.shape(t.Key(), depth-1), Elem: d.shape(t.Elem(), depth-1)}
	case reflect.Struct:
		return d.structOf(t, depth)
	}
	if k, ok := scalarKinds[t.Kind()]; ok {
		return &Shape{Kind: k}
	}
	return anyShape
}

// array is opaque if it has no elements, as Len 0 would make it a slice.
func (d *deriver) array(t reflect.Type, depth int) *Shape {
	if t.Len() == 0 || t.Len() > maxLen {
		return anyShape
	}
	return &Shape{Kind: List, Len: t.Len(), Elem: d.shape(t.Elem(), depth-1)}
}

// pointer is the shape of what it points to, which may be null in addition. Pointers to pointers are one.
func (d *deriver) pointer(t reflect.Type, depth int) *Shape {
	s := d.shape(t.Elem(), depth)
	if s.takesNull() {
		return s
	}
	p := *s
	p.Nullable = true
	return &p
}

// structOf is opaque where the two serializers would write different structs.
func (d *deriver) structOf(t reflect.Type, depth int) *Shape {
	fields, same := jsonFields(t)
	if !same {
		return anyShape
	}
	s := &Shape{Kind: Struct}
	for _, f := range fields {
		if d.budget < 0 || len(f.name) > MaxName {
			return anyShape
		}
		field := Field{Name: f.name, Optional: f.optional, Shape: anyShape}
		if !f.quoted {
			field.Shape = d.shape(f.typ, depth-1)
		}
		s.Fields = append(s.Fields, field)
	}
	return s
}

var scalarKinds = map[reflect.Kind]Kind{
	reflect.Bool: Bool, reflect.String: String, reflect.Float32: Float32, reflect.Float64: Float64,
	reflect.Int: Int64, reflect.Int8: Int8, reflect.Int16: Int16, reflect.Int32: Int32, reflect.Int64: Int64,
	reflect.Uint: Uint64, reflect.Uint8: Uint8, reflect.Uint16: Uint16, reflect.Uint32: Uint32,
	reflect.Uint64: Uint64, reflect.Uintptr: Uint64,
}

// opaque reports whether values of t are encoded or decoded by methods of their own, so that the type says
// nothing about their form. json.Number has no such method and is treated like one by encoding/json.
func opaque(t reflect.Type) bool {
	if t.Kind() == reflect.Interface || t == reflect.TypeFor[json.Number]() {
		return true
	}
	if t.Kind() == reflect.Pointer {
		return false // its element is asked next
	}
	p := reflect.PointerTo(t)
	for _, i := range selfCoding {
		if p.Implements(i) {
			return true
		}
	}
	// By literal name: with a name in a variable, the linker would have to keep every method of the program.
	_, encodes := p.MethodByName("EncodeMsgpack")
	_, decodes := p.MethodByName("DecodeMsgpack")
	return encodes || decodes
}

var selfCoding = []reflect.Type{
	reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
	reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
	reflect.TypeFor[interface{ MarshalMsgpack() ([]byte, error) }](),
	reflect.TypeFor[interface{ UnmarshalMsgpack([]byte) error }](),
}
