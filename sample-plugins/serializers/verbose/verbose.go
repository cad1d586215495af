package verbose

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-hotplug/hotplug/codec"
)

// Serializer is indented JSON. The zero value is ready.
type Serializer struct{}

var compact codec.JsonSerializer

// Name returns "VerboseJsonSerializer".
func (Serializer) Name() string { return "VerboseJsonSerializer" }

// Terminator returns two newlines.
func (Serializer) Terminator() []byte { return []byte("\n\n") }

// Marshal returns the encoding of v in a slice that the caller owns.
func (Serializer) Marshal(v any) ([]byte, error) {
	b, err := compact.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, fmt.Errorf("indent: %w", err)
	}
	return out.Bytes(), nil
}

// Unmarshal decodes data, exactly one value, into v, a non-nil pointer.
func (Serializer) Unmarshal(data []byte, v any) error { return compact.Unmarshal(data, v) }
