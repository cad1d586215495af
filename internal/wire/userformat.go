package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"

	"github.com/go-hotplug/hotplug/codec"
)

// userFormat is the layout of a serializer that a program registered: the serializer marshals the
// envelope as one struct, and is asked twice on receipt: for the envelope without the payload by the
// reader, for the payload's type by whoever decodes it.
type userFormat struct{ s codec.Serializer }

func (u userFormat) Terminator() []byte {
	if term := u.s.Terminator(); len(term) > 0 {
		return term
	}
	return nil
}

type userHead struct {
	Kind string `json:"kind" msgpack:"kind" cbor:"kind"`
	Tx   string `json:"tx" msgpack:"tx" cbor:"tx"`
	Type string `json:"type" msgpack:"type" cbor:"type"`
	Meta *Meta  `json:"meta" msgpack:"meta" cbor:"meta"`
}

type userEnvelope struct {
	Kind    string `json:"kind" msgpack:"kind" cbor:"kind"`
	Tx      string `json:"tx" msgpack:"tx" cbor:"tx"`
	Type    string `json:"type" msgpack:"type" cbor:"type"`
	Meta    *Meta  `json:"meta" msgpack:"meta" cbor:"meta"`
	Payload any    `json:"payload" msgpack:"payload" cbor:"payload"`
}

const payloadTag = `json:"payload" msgpack:"payload" cbor:"payload"`

func (u userFormat) Append(dst []byte, f *Frame, payload any, max int) ([]byte, error) {
	term := u.Terminator()
	if term == nil {
		return prefixed(dst, 0, max, func(b []byte) ([]byte, error) { return u.append(b, f, payload) })
	}
	start := len(dst)
	b, err := u.append(dst, f, payload)
	if err != nil {
		return dst[:start], err
	}
	n := len(b) - start
	if n > max {
		return dst[:start], &TooLarge{Size: n, Max: max}
	}
	b = append(b, term...)
	if i := bytes.Index(b[start:], term); i < n { // also where the output's end and the terminator make one too early
		return dst[:start], fmt.Errorf("%s wrote its own terminator %q at byte %d: a serializer whose output can contain it must have none", u.s.Name(), term, i)
	}
	return b, nil
}

func (u userFormat) append(b []byte, f *Frame, payload any) (_ []byte, err error) {
	defer u.recovered(&err)
	e := userEnvelope{Kind: f.Kind.String(), Tx: f.Tx.String(), Type: f.Type, Payload: payload}
	if !f.Meta.isZero() {
		e.Meta = &f.Meta
	}
	out, err := codec.Append(u.s, b, &e)
	if err == nil && len(out) == len(b) {
		err = fmt.Errorf("%s wrote nothing for a frame of kind %s", u.s.Name(), f.Kind)
	}
	return out, err
}

func (u userFormat) Decode(b []byte) (f Frame, err error) {
	recoverable := len(u.s.Terminator()) > 0
	var h userHead
	if err := u.unmarshal(b, &h); err != nil {
		return f, &Corrupt{Reason: fmt.Sprintf("%s: %.200v", u.s.Name(), err), Recoverable: recoverable}
	}
	kind, ok := parseKind(h.Kind)
	if !ok {
		return f, &Corrupt{Reason: fmt.Sprintf("kind %.40q is not known", h.Kind), Recoverable: recoverable}
	}
	f = Frame{Kind: kind, Tx: parseTx(h.Tx), Type: h.Type, Payload: b}
	if h.Meta != nil {
		f.Meta = *h.Meta
	}
	return f, nil
}

func (u userFormat) unmarshal(b []byte, v any) (err error) {
	defer u.recovered(&err)
	return u.s.Unmarshal(b, v)
}

// recovered turns a panic of the serializer into an error: it runs in the reader's goroutine, on a peer's bytes.
func (u userFormat) recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panicked: %v", u.s.Name(), p)
	}
}

// TxOf is the tx that a text names in a format: the one that comes back in the reply's frame.
func TxOf(f Format, id string) Tx {
	if _, ok := f.(userFormat); ok {
		return parseTx(id)
	}
	return Tx{S: id}
}

// parseTx undoes Tx.String: text that is a number in its shortest form is that number.
func parseTx(s string) Tx {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil && strconv.FormatUint(n, 10) == s {
		return Tx{N: n}
	}
	return Tx{S: s}
}

// DecodePayload asks for a struct with the one field payload, of v's own type.
func (u userFormat) DecodePayload(f *Frame, v any) error {
	ptr := reflect.ValueOf(v)
	wrapper := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Payload", Type: ptr.Type(), Tag: payloadTag}}))
	field := wrapper.Elem().Field(0)
	field.Set(ptr)
	if err := u.unmarshal(f.Payload, wrapper.Interface()); err != nil {
		return err
	}
	if !field.IsNil() && field.Pointer() != ptr.Pointer() {
		ptr.Elem().Set(field.Elem()) // the serializer made a new value instead of filling ours
	}
	return nil
}
