package codec

import (
	"encoding"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// What the library asks a type for, before it looks at the type's kind.
var (
	encoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	decoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

func implementsAny(t reflect.Type, wanted []reflect.Type) bool {
	for _, w := range wanted {
		if t.Implements(w) {
			return true
		}
	}
	return false
}

func decodesItself(t reflect.Type) bool { return implementsAny(t, decoders) }

// encodesItself reports whether t or its pointer has a method that the library encodes it by.
func encodesItself(t reflect.Type) bool {
	return implementsAny(t, encoders) || t.Kind() != reflect.Pointer && implementsAny(reflect.PointerTo(t), encoders)
}

// encodesAtPointer reports whether the library needs the address of a value of t to encode it.
func encodesAtPointer(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && !implementsAny(t, encoders) &&
		implementsAny(reflect.PointerTo(t), encoders)
}

// plainStruct reports whether the library handles t field by field.
func plainStruct(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	p := reflect.PointerTo(t) // has the methods of t as well
	return !implementsAny(p, encoders) && !implementsAny(p, decoders)
}
