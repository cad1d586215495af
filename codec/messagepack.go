package codec

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// MaxDepth is how deep arrays, maps and structs may be nested in one another, in both serializers,
// when decoding; encoding refuses a value that goes deeper where its type would allow that.
const MaxDepth = 256

// MessagePackSerializer is MessagePack: compact, binary, length-prefixed on the wire. `json` tags name
// the fields (a `msgpack` tag comes first where there is one).
type MessagePackSerializer struct{}

// Name returns "MessagePackSerializer".
func (MessagePackSerializer) Name() string { return Default }

// Terminator returns nil: any byte can occur in MessagePack.
func (MessagePackSerializer) Terminator() []byte { return nil }

// Marshal returns the encoding of v in a slice that the caller owns.
func (s MessagePackSerializer) Marshal(v any) ([]byte, error) {
	b, err := s.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Append encodes v behind dst without an intermediate copy; on an error dst is returned with its
// original length. It refuses a value of a recursive or dynamic type that is nested deeper than
// [MaxDepth], which one that contains itself is. A v with its own MarshalMsg([]byte) ([]byte, error)
// method is encoded by it.
func (MessagePackSerializer) Append(dst []byte, v any) ([]byte, error) {
	out, err := encode(dst, v)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", typeName(v), err)
	}
	return out, nil
}

// appendsMsg and readsMsg are what msgp and its like generate.
type (
	appendsMsg interface {
		MarshalMsg(dst []byte) ([]byte, error)
	}
	readsMsg interface {
		UnmarshalMsg(src []byte) (rest []byte, err error)
	}
)

func encode(dst []byte, v any) ([]byte, error) {
	if v == nil || isNilPointer(v) {
		return mp.AppendNil(dst), nil
	}
	if b, ok := v.([]byte); ok && b != nil && uint64(len(b)) <= math.MaxUint32 {
		return mp.AppendBinary(dst, b), nil // what the library does, without its detours
	}
	if own, ok := v.(appendsMsg); ok {
		return own.MarshalMsg(dst)
	}
	info := infoOf(reflect.TypeOf(v))
	if info.err != nil {
		return dst, info.err
	}
	if info.recursive || info.dynamic {
		if err := checkDepth(reflect.ValueOf(v), info.plan); err != nil {
			return dst, err
		}
	}
	if info.addressed {
		v = addressable(v)
	}
	return pack(dst, v)
}

// addressable returns a pointer to a copy of v, unless v is a pointer: the library finds the methods of
// a pointer only where it can take an address.
func addressable(v any) any {
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer {
		return v
	}
	p := reflect.New(r.Type())
	p.Elem().Set(r)
	return p.Interface()
}

// Unmarshal decodes data, exactly one value, into v, a non-nil pointer to a zero value. Data is walked
// before it is decoded. Refused are, each by the field's name: a number that the field cannot
// hold exactly (a fraction may lose digits in a float32), an array of another length than a Go array, a
// name that is there twice, a value of another kind, nesting beyond [MaxDepth], and input that
// takes more memory than 64 times its length, or than 128 times as long as that is no more than 64 MiB;
// 1 MiB is never refused. Accepted are: names that the struct does not have, nil for every type but
// time.Time (it becomes the zero value), a whole float for an integer.
//
// An any becomes nil, bool, int64, uint64 (only above math.MaxInt64), float64, string, []byte,
// time.Time, []any or map[string]any. A v with its own UnmarshalMsg([]byte) ([]byte, error) method is
// decoded by it.
func (MessagePackSerializer) Unmarshal(data []byte, v any) error {
	if err := decode(data, v); err != nil {
		return fmt.Errorf("decode %s: %w", typeName(v), err)
	}
	return nil
}

func decode(data []byte, v any) error {
	if into, ok := v.(*[]byte); ok && into != nil {
		if b, rest, err := mp.ReadBinary(data); err == nil && len(rest) == 0 {
			*into = append([]byte{}, b...) // what the library does, without its detours
			return nil
		}
	}
	to, err := target(v)
	if err != nil {
		return err
	}
	if own, ok := v.(readsMsg); ok {
		return decodeOwn(data, own)
	}
	info := infoOf(to.Type())
	if info.err != nil {
		return info.err
	}
	if data, err = check(data, info.plan); err != nil {
		return err
	}
	if to.Kind() == reflect.Interface {
		to.SetZero() // the library would decode into what is there
	}
	if err := unpack(data, to.Addr().Interface()); err != nil {
		return err
	}
	if info.dynamic {
		loosen(to, info.plan, MaxDepth)
	}
	return nil
}

func decodeOwn(data []byte, v readsMsg) error {
	rest, err := mp.Walk(data, MaxDepth)
	if err == nil && len(rest) == 0 {
		rest, err = v.UnmarshalMsg(data)
	}
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the value", len(rest))
	}
	return err
}

// target is what v points to, through an interface that already holds a pointer.
func target(v any) (reflect.Value, error) {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Pointer || r.IsNil() {
		return r, fmt.Errorf("cannot decode into %T: a pointer that is not nil is needed", v)
	}
	r = r.Elem()
	for range maxHops {
		if r.Kind() != reflect.Interface || r.Elem().Kind() != reflect.Pointer || r.Elem().IsNil() {
			return r, nil
		}
		r = r.Elem().Elem()
	}
	return r, fmt.Errorf("cannot decode into %T: a pointer that leads to itself", v)
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// typeName is v's type as an error text names it: without pointers and without the package.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	for i := 0; i < maxHops && t.Kind() == reflect.Pointer; i++ {
		t = t.Elem()
	}
	if t.Name() != "" {
		return t.Name()
	}
	return strings.ReplaceAll(t.String(), "interface {}", "any")
}
