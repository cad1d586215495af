package wire_test

import (
	"bytes"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestOnlyBytesThatFillTheirBufferAreTakenWithIt(t *testing.T) {
	format := wire.FormatOf(codec.MessagePackSerializer{})
	for _, c := range []struct {
		name     string
		payload  any
		capacity int // of the buffer that the frame came in; 0: what the frame takes
		taken    bool
	}{
		{"large", bytes.Repeat([]byte("x"), 40<<10), 0, true},
		{"small", bytes.Repeat([]byte("x"), 100), 0, false},
		{"large, in a buffer that would be kept for it", bytes.Repeat([]byte("x"), 40<<10), 1 << 20, false},
		{"a text", string(bytes.Repeat([]byte("x"), 40<<10)), 0, false},
	} {
		frame, err := format.Append(nil, &wire.Frame{Kind: wire.Result, Tx: wire.Tx{N: 1}}, c.payload, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		buf := &wire.Buffer{B: append(make([]byte, 0, max(c.capacity, len(frame))), frame[4:]...)}
		f, err := format.Decode(buf.B)
		if err != nil {
			t.Fatal(err)
		}
		got, taken := wire.TakeBytes(format, &f, buf)
		if want, _ := c.payload.([]byte); taken != c.taken || taken && !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %t", c.name, len(got), taken)
		}
	}
}
