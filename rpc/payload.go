package rpc

import (
	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// An arrival is a payload that has not been decoded.
type arrival struct {
	format wire.Format
	frame  *wire.Frame
}

func (a *arrival) decode(v any) error { return a.format.DecodePayload(a.frame, v) }

// unpack decodes the payload of a frame into v and gives the frame's buffer back, unless v has it now, or l, which has it for as long as v is borrowed. l may be nil.
func (c *Conn) unpack(f *wire.Frame, buf *wire.Buffer, v any, l *lease) error {
	l.end()
	switch into := v.(type) {
	case *[]byte:
		if b, taken := wire.TakeBytes(c.format, f, buf); taken {
			*into = b
			return nil
		}
	case *Borrowed:
		if b, ok := wire.Bytes(c.format, f); ok && l != nil {
			*into, l.buf = b, buf
			return nil
		}
	}
	defer buf.Release()
	return c.format.DecodePayload(f, v)
}

// Size returns the bytes that the payload takes in its frame; 0 if there is none, as in an error. Of an incoming message it costs
// nothing; an outgoing payload, or one that was replaced, is encoded for it, and once more when it travels. A serializer of the program's own
// encodes payload and envelope as one: there, what arrived counts with its envelope, some 100 bytes and the headers.
func (m *Message) Size() (int, error) {
	if m.arrived != nil && !m.replaced {
		return len(m.arrived.frame.Payload), nil
	}
	buf, err := m.encoded()
	if err != nil || buf == nil {
		return 0, err
	}
	defer buf.Release()
	return len(buf.B), nil
}

// Generic returns a copy of the payload without its Go type: maps, lists, texts and numbers, as its serializer decodes them into an any. An outgoing
// payload, or one that was replaced, is encoded for it and decoded again.
func (m *Message) Generic() (v any, err error) {
	if m.arrived != nil && !m.replaced {
		return v, m.arrived.decode(&v)
	}
	buf, err := m.encoded()
	if err != nil || buf == nil {
		return nil, err
	}
	defer buf.Release()
	err = m.serializer.Unmarshal(buf.B, &v)
	return v, err
}

// encoded is the payload alone in a buffer from the pool; nil if there is none.
func (m *Message) encoded() (*wire.Buffer, error) {
	if m.Payload == nil {
		return nil, nil
	}
	buf := wire.NewBuffer()
	b, err := codec.Append(m.serializer, buf.B[:0], m.Payload)
	buf.B = b
	if err != nil {
		buf.Release()
		return nil, err
	}
	return buf, nil
}
