package wire

import (
	"fmt"
	"reflect"

	"github.com/go-hotplug/hotplug/codec"
)

// specimenText is the payload of a specimen: one text, with what texts have in them.
type specimenText struct {
	Text string `json:"text" msgpack:"text" cbor:"text"`
}

// A specimen is a frame as a connection sends it.
type specimen struct {
	Frame
	payload any // what a pointer of its type has to bring back; nil: none
}

// specimens are one frame of each kind that this version sends.
func specimens() []specimen {
	text := &specimenText{"Zoë said:\n\"a\\b\""}
	headers := map[string]string{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
	return []specimen{
		{Frame{Kind: Request, Tx: Tx{N: 1}, Type: "greeter.greet", Meta: Meta{Deadline: 30_000, Opens: "duplex", Progress: true, Items: 64, Bytes: 1 << 20, Headers: headers}}, text},
		{Frame{Kind: Cancel, Tx: Tx{N: 1}}, nil},
		{Frame{Kind: Upload, Tx: Tx{N: 1}}, text},
		{Frame{Kind: UploadEnd, Tx: Tx{N: 1}}, nil},
		{Frame{Kind: UploadCredit, Tx: Tx{N: 1}, Meta: Meta{Items: 64, Bytes: 1 << 20}}, nil},
		{Frame{Kind: Item, Tx: Tx{N: 1}}, text},
		{Frame{Kind: End, Tx: Tx{N: 1}}, nil},
		{Frame{Kind: Progress, Tx: Tx{N: 1}}, text},
		{Frame{Kind: Result, Tx: Tx{S: "a-1"}}, text},
		{Frame{Kind: Error, Tx: Tx{N: 1<<64 - 1}}, text},
		{Frame{Kind: Notice, Tx: Tx{N: 1}, Type: "greeter.seen", Meta: Meta{Headers: headers}}, text},
		{Frame{Kind: Credit, Meta: Meta{Items: 512, Bytes: 1 << 23}}, nil},
		{Frame{Kind: Ping, Tx: Tx{N: 7}}, nil},
		{Frame{Kind: Pong, Tx: Tx{N: 7}}, nil},
		{Frame{Kind: Goodbye, Meta: Meta{Then: "stop"}}, nil},
	}
}

// TrySerializer encodes and decodes one frame of each kind with a serializer that is not one of this module's own. Its error names the
// serializer, the first frame that it does not carry, and why: without it that shows only when such a frame is due, at the latest at the end.
func TrySerializer(s codec.Serializer) error {
	u, own := FormatOf(s).(userFormat)
	if !own {
		return nil
	}
	for _, sp := range specimens() {
		if err := u.try(&sp); err != nil {
			return fmt.Errorf("serializer %s: a frame of kind %s %w: correct its Marshal, Unmarshal or Terminator; serializertest, in sample-plugins/serializers, checks all of it",
				s.Name(), sp.Kind, err)
		}
	}
	return nil
}

// try sends a specimen to itself.
func (u userFormat) try(sp *specimen) error {
	b, err := u.Append(nil, &sp.Frame, sp.payload, 1<<20)
	if err != nil {
		return fmt.Errorf("cannot be encoded: %w", err)
	}
	if n := len(u.Terminator()); n > 0 {
		b = b[:len(b)-n]
	} else {
		b = b[prefixLen:]
	}
	got, err := u.Decode(b)
	if err == nil && sp.payload != nil {
		into := &specimenText{}
		if err = u.DecodePayload(&got, into); err == nil && *into != *sp.payload.(*specimenText) {
			return fmt.Errorf("comes back with the payload %+v, sent was %+v", *into, sp.payload)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot be read again, from %.80q: %w", b, err)
	}
	got.Payload = nil
	if !reflect.DeepEqual(got, sp.Frame) {
		return fmt.Errorf("comes back as %+v, sent was %+v", got, sp.Frame)
	}
	return nil
}
