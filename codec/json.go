package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// JsonSerializer is JSON by encoding/json, compact, one line per frame.
type JsonSerializer struct{}

// Name returns "JsonSerializer".
func (JsonSerializer) Name() string { return "JsonSerializer" }

// Terminator returns a newline, which occurs in no output.
func (JsonSerializer) Terminator() []byte { return []byte{'\n'} }

// Marshal returns the encoding of v in a slice that the caller owns.
func (s JsonSerializer) Marshal(v any) ([]byte, error) {
	b, err := s.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Append encodes v behind dst; on an error dst is returned with its original length.
func (JsonSerializer) Append(dst []byte, v any) ([]byte, error) {
	out, err := appendJSON(dst, v)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", typeName(v), err)
	}
	return out, nil
}

// A jsonWriter is an encoder with the slice that it appends to.
type jsonWriter struct {
	enc *json.Encoder
	buf []byte
}

func (w *jsonWriter) Write(b []byte) (int, error) {
	w.buf = append(w.buf, b...)
	return len(b), nil
}

var jsonWriters = sync.Pool{New: func() any { return newJSONWriter() }}

func newJSONWriter() *jsonWriter {
	w := new(jsonWriter)
	w.enc = json.NewEncoder(w)
	w.enc.SetEscapeHTML(false)
	return w
}

func appendJSON(dst []byte, v any) ([]byte, error) {
	w := jsonWriters.Get().(*jsonWriter)
	w.buf = dst
	err := w.enc.Encode(v)
	out := w.buf
	w.buf = nil
	jsonWriters.Put(w)
	if err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(out, []byte{'\n'}), nil
}

// Unmarshal decodes data, exactly one value, into v.
func (JsonSerializer) Unmarshal(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode %s: %w", typeName(v), err)
	}
	return nil
}
