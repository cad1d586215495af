package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/codec"
)

// jsonFormat is the layout of JsonSerializer: one object {"tx","type","kind","payload"[,"meta"]} and a newline.
type jsonFormat struct{ s codec.Serializer }

func (jsonFormat) Terminator() []byte { return []byte{'\n'} }

func (j jsonFormat) Append(dst []byte, f *Frame, payload any, max int) ([]byte, error) {
	start := len(dst)
	b := append(dst, `{"tx":`...)
	if f.Tx.S != "" {
		var err error
		if b, err = codec.Append(j.s, b, f.Tx.S); err != nil {
			return dst[:start], err
		}
	} else {
		b = strconv.AppendUint(b, f.Tx.N, 10)
	}
	if f.Type != "" {
		b = append(b, `,"type":`...)
		b = appendQuoted(b, f.Type)
	}
	b = appendQuoted(append(b, `,"kind":`...), f.Kind.String())
	var err error
	if payload != nil {
		if b, err = codec.Append(j.s, append(b, `,"payload":`...), payload); err != nil {
			return dst[:start], err
		}
	}
	if !f.Meta.isZero() {
		if b, err = codec.Append(j.s, append(b, `,"meta":`...), &f.Meta); err != nil {
			return dst[:start], err
		}
	}
	b = append(b, '}', '\n')
	if n := len(b) - start - 1; n > max {
		return dst[:start], &TooLarge{Size: n, Max: max}
	}
	return b, nil
}

// appendQuoted appends a name as a JSON string; names of messages and kinds are checked to need few escapes.
func appendQuoted(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // json.Marshal of a string does not fail
	}
	return append(b, q...)
}

type jsonEnvelope struct {
	Tx      json.RawMessage `json:"tx"`
	Type    string          `json:"type"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
	Meta    *Meta           `json:"meta"`
}

func (jsonFormat) Decode(b []byte) (f Frame, err error) {
	if !utf8.Valid(b) {
		return f, corruptLine("the line is not UTF-8")
	}
	var e jsonEnvelope
	if err := json.Unmarshal(b, &e); err != nil {
		return f, corruptLine("%.200v", err)
	}
	kind, ok := parseKind(e.Kind)
	if !ok {
		return f, corruptLine("kind %.40q is not known", e.Kind)
	}
	f = Frame{Kind: kind, Type: e.Type, Payload: e.Payload}
	if e.Meta != nil {
		f.Meta = *e.Meta
	}
	if f.Tx, err = parseJSONTx(e.Tx); err != nil {
		return f, err
	}
	return f, nil
}

func parseJSONTx(raw json.RawMessage) (Tx, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return Tx{}, nil
	}
	if raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return Tx{}, corruptLine("tx: %v", err)
		}
		return Tx{S: s}, nil
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		return Tx{}, corruptLine("tx: expected an unsigned integer or a string, found %.40s", raw)
	}
	return Tx{N: n}, nil
}

func (j jsonFormat) DecodePayload(f *Frame, v any) error {
	if f.Payload == nil {
		return nil
	}
	return j.s.Unmarshal(f.Payload, v)
}
