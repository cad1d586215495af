package shape_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/shape"
)

func TestJSONSchemaDescribesTheJSONForm(t *testing.T) {
	const draft = `"$schema":"https://json-schema.org/draft/2020-12/schema"`
	for _, c := range []struct {
		shape *shape.Shape
		want  string // without the leading $schema
	}{
		{shape.Of[any](), ``},
		{&shape.Shape{Kind: shape.None}, `"type":"null"`},
		{shape.Of[bool](), `"type":"boolean"`},
		{shape.Of[int8](), `"type":"integer","minimum":-128,"maximum":127`},
		{shape.Of[uint16](), `"type":"integer","minimum":0,"maximum":65535`},
		{shape.Of[int](), `"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807`},
		{shape.Of[uint](), `"type":"integer","minimum":0,"maximum":18446744073709551615`},
		{shape.Of[float32](), `"type":"number"`},
		{shape.Of[*string](), `"type":["string","null"]`},
		{shape.Of[[]byte](), `"type":["string","null"],"contentEncoding":"base64"`},
		{shape.Of[time.Time](), `"type":"string","format":"date-time"`},
		{shape.Of[[]bool](), `"type":["array","null"],"items":{"type":"boolean"}`},
		{shape.Of[[2]bool](), `"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":2`},
		{shape.Of[map[string]any](), `"type":["object","null"],"additionalProperties":{}`},
		{shape.Of[map[uint8]bool](), `"type":["object","null"],"propertyNames":{"pattern":"^(0|[1-9][0-9]*)$"},` +
			`"additionalProperties":{"type":"boolean"}`},
		{shape.Of[struct {
			Z bool
			A *bool
			M bool `json:"m,omitempty"`
		}](), `"type":"object","properties":{"Z":{"type":"boolean"},"A":{"type":["boolean","null"]},"m":{"type":"boolean"}},` +
			`"required":["Z"]`},
	} {
		want := "{" + draft + "}"
		if c.want != "" {
			want = "{" + draft + "," + c.want + "}"
		}
		if got := c.shape.JSONSchema(); string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", c.shape, got, want)
		}
	}
}

func TestJSONSchemaOfAShapeThatContainsItselfEnds(t *testing.T) {
	loop := &shape.Shape{Kind: shape.List}
	loop.Elem = loop
	if got := loop.JSONSchema(); !json.Valid(got) || bytes.Count(got, []byte("items")) != shape.MaxDepth {
		t.Errorf("got %.200s", got)
	}
}
