package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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

// Append encodes v behind dst; on an error dst is returned with its original length. It refuses a
// string that is not valid UTF-8, which encoding/json would replace.
func (JsonSerializer) Append(dst []byte, v any) ([]byte, error) {
	out, err := appendJSON(dst, v)
	if err == nil && bytes.Contains(out[len(dst):], replaced) {
		err = checkStrings(reflect.ValueOf(v))
	}
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
	return out[:len(out)-1], nil // without the newline that the encoder writes
}

// Unmarshal decodes data, exactly one value, into v, a non-nil pointer to a zero value. It refuses
// invalid UTF-8, half a surrogate pair, nesting beyond [MaxDepth], what follows the value, and a number
// that does not fit.
//
// In an any a number becomes int64 if it is a whole number that fits, else uint64 if it fits that, else
// float64. What else encoding/json does in silence stays: of a name that is there twice the last
// counts, names match in any case, and an array of another length than a Go array is cut or filled.
func (JsonSerializer) Unmarshal(data []byte, v any) error {
	if err := decodeJSON(data, v); err != nil {
		return fmt.Errorf("decode %s: %w", typeName(v), err)
	}
	return nil
}

func decodeJSON(data []byte, v any) error {
	to, err := target(v)
	if err != nil {
		return err
	}
	if err := checkJSON(data); err != nil {
		return err
	}
	if !holdsInterface(to.Type()) {
		return explainJSON(json.Unmarshal(data, v))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return explainJSON(err)
	}
	if rest := bytes.TrimSpace(data[dec.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("%d bytes follow the value", len(rest))
	}
	return exactNumbers(to, MaxDepth)
}
