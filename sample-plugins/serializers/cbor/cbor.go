package cbor

import (
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"github.com/go-hotplug/hotplug/codec"
)

// Serializer is CBOR. The zero value is ready.
type Serializer struct{}

// Name returns "CborSerializer".
func (Serializer) Name() string { return "CborSerializer" }

// Terminator returns nil: any byte can occur in CBOR.
func (Serializer) Terminator() []byte { return nil }

// Marshal returns the encoding of v in a slice that the caller owns.
func (Serializer) Marshal(v any) ([]byte, error) {
	b, err := encoding.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T as CBOR: %w", v, err)
	}
	return b, nil
}

// Unmarshal decodes data, exactly one value, into v, a non-nil pointer.
func (Serializer) Unmarshal(data []byte, v any) error {
	if err := decoding.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode %T from CBOR: %w", v, err)
	}
	return nil
}

// most is what an array or map may claim to hold. The library compares each claim with the bytes that are there before it allocates.
const most = 64 << 20

var (
	encoding = must(cbor.EncOptions{
		Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagRequired, // the default is whole seconds, and a number in an any
		TextMarshaler: cbor.TextMarshalerTextString,
	}.EncMode())

	decoding = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		IntDec:            cbor.IntDecConvertSignedOrBigInt,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
		MaxNestedLevels:   codec.MaxDepth + 8, // the envelope is some of them
		MaxArrayElements:  most,
		MaxMapPairs:       most,
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
	}.DecMode())
)

// must is for options that stand in this file: an error is a bug in it.
func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}
