package gzipped

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-hotplug/hotplug/codec"
)

// DefaultLimit is the limit where none is set: twice what a frame holds by default, because the limits of frames count compressed bytes.
const DefaultLimit = 32 << 20

// Serializer is gzip over MessagePack. The zero value is ready.
type Serializer struct {
	Limit int // bytes of one frame before it is compressed; 0: DefaultLimit. Both ends should have the same
}

var packed codec.MessagePackSerializer

// Name returns "GzipMessagePackSerializer".
func (Serializer) Name() string { return "GzipMessagePackSerializer" }

// Terminator returns nil: any byte can occur in compressed data.
func (Serializer) Terminator() []byte { return nil }

func (s Serializer) limit() int {
	if s.Limit == 0 {
		return DefaultLimit
	}
	return s.Limit
}

// writers are kept because each has tables of 800 KiB. They carry nothing from one use to the next.
var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level exists
	return w
}}

// Marshal returns the encoding of v in a slice that the caller owns. It refuses what would be over the limit at the receiver.
func (s Serializer) Marshal(v any) ([]byte, error) {
	b, err := packed.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) > s.limit() {
		return nil, fmt.Errorf("encode: %d bytes before compression are over the limit of %d bytes (gzipped.Serializer.Limit): send less at once", len(b), s.limit())
	}
	var out bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(b); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// Unmarshal decodes data, exactly one value, into v, a non-nil pointer.
func (s Serializer) Unmarshal(data []byte, v any) error {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(s.limit())+1))
	switch {
	case len(b) > s.limit(): // the bytes that were asked for decide, not what a header claims
		return fmt.Errorf("decompress: %d bytes unpack to more than the limit of %d bytes (gzipped.Serializer.Limit)", len(data), s.limit())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("decompress: the data ends early: %w", err)
	case err != nil:
		return fmt.Errorf("decompress: %w", err)
	}
	return packed.Unmarshal(b, v)
}
