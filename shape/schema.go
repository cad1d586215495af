package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// JSONSchema describes a value of this shape in its JSON form, as encoding/json writes it, in JSON Schema 2020-12.
// Properties keep the order of the fields; those that are not optional are required, and others are not forbidden.
func (s *Shape) JSONSchema() json.RawMessage {
	root := s.schema(MaxDepth)
	root.Draft = draft
	out, err := json.Marshal(root)
	if err != nil { // only strings, numbers and maps of them
		panic(fmt.Sprintf("shape: JSON Schema of %s: %v", s, err))
	}
	return out
}

type schema struct {
	Draft            string         `json:"$schema,omitempty"`
	Type             any            `json:"type,omitempty"`
	Format           string         `json:"format,omitempty"`
	ContentEncoding  string         `json:"contentEncoding,omitempty"`
	Minimum          json.Number    `json:"minimum,omitempty"`
	Maximum          json.Number    `json:"maximum,omitempty"`
	Items            *schema        `json:"items,omitempty"`
	MinItems         int            `json:"minItems,omitempty"`
	MaxItems         int            `json:"maxItems,omitempty"`
	Properties       properties     `json:"properties,omitempty"`
	Required         []string       `json:"required,omitempty"`
	PropertyNames    map[string]any `json:"propertyNames,omitempty"`
	AdditionalValues *schema        `json:"additionalProperties,omitempty"`
}

// schema of a shape deeper than depth allows anything.
func (s *Shape) schema(depth int) *schema {
	out := &schema{}
	if depth <= 0 || s.kind() == Any {
		return out
	}
	out.Type = jsonTypes[s.kind()]
	if s.takesNull() && s.kind() != None {
		out.Type = []any{out.Type, "null"}
	}
	switch k := s.kind(); k {
	case Bytes:
		out.ContentEncoding = "base64"
	case Time:
		out.Format = "date-time"
	case List:
		out.Items = s.Elem.schema(depth - 1)
		out.MinItems, out.MaxItems = s.Len, s.Len
	case Map:
		out.AdditionalValues = s.Elem.schema(depth - 1)
		out.PropertyNames = keyNames[s.Key.kind()]
	case Struct:
		out.addFields(s, depth)
	default:
		out.Minimum, out.Maximum = bounds(k)
	}
	return out
}

func (out *schema) addFields(s *Shape, depth int) {
	for _, f := range s.Fields {
		out.Properties = append(out.Properties, property{f.Name, f.Shape.schema(depth - 1)})
		if !f.Optional {
			out.Required = append(out.Required, f.Name)
		}
	}
}

var jsonTypes = map[Kind]string{
	None: "null", Bool: "boolean", String: "string", Bytes: "string", Time: "string",
	Float32: "number", Float64: "number", List: "array", Map: "object", Struct: "object",
	Int8: "integer", Int16: "integer", Int32: "integer", Int64: "integer",
	Uint8: "integer", Uint16: "integer", Uint32: "integer", Uint64: "integer",
}

var (
	signed   = map[string]any{"pattern": "^(0|-?[1-9][0-9]*)$"}
	unsigned = map[string]any{"pattern": "^(0|[1-9][0-9]*)$"}
	keyNames = map[Kind]map[string]any{
		Int8: signed, Int16: signed, Int32: signed, Int64: signed,
		Uint8: unsigned, Uint16: unsigned, Uint32: unsigned, Uint64: unsigned,
	}
)

// bounds are the least and the greatest integer of a kind, and empty for what is no integer.
func bounds(k Kind) (least, greatest json.Number) {
	n := numbers[k]
	switch n.family {
	case 'i':
		top := int64(math.MaxInt64 >> (64 - n.bits))
		return json.Number(fmt.Sprint(-top - 1)), json.Number(fmt.Sprint(top))
	case 'u':
		return "0", json.Number(fmt.Sprint(uint64(math.MaxUint64 >> (64 - n.bits))))
	}
	return "", ""
}

// properties is an object whose members keep their order.
type properties []property

type property struct {
	name   string
	schema *schema
}

func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, m := range p {
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.schema)
		if err != nil {
			return nil, err
		}
		b.WriteByte("{,"[min(i, 1)])
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
