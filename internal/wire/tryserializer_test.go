package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A spoilt serializer is JSON with a fault.
type spoilt struct {
	terminal  string
	marshal   func(text []byte) ([]byte, error)
	unmarshal func(text []byte) ([]byte, error)
}

func (spoilt) Name() string         { return "SpoiltSerializer" }
func (s spoilt) Terminator() []byte { return []byte(s.terminal) }
func (s spoilt) Marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err == nil && s.marshal != nil {
		return s.marshal(text)
	}
	return text, err
}
func (s spoilt) Unmarshal(text []byte, v any) (err error) {
	if s.unmarshal != nil {
		if text, err = s.unmarshal(text); err != nil {
			return err
		}
	}
	return json.Unmarshal(text, v)
}

func without(what string) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) { return bytes.ReplaceAll(text, []byte(what), nil), nil }
}

func failsAt(what string) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		if bytes.Contains(text, []byte(what)) {
			return nil, errors.New("no room")
		}
		return text, nil
	}
}

func TestASerializerThatDoesNotCarryEachFrameIsRefusedByName(t *testing.T) {
	for name, test := range map[string]struct {
		s    codec.Serializer
		says []string
	}{
		"a goodbye that cannot be encoded": {spoilt{marshal: failsAt(`"goodbye"`)}, []string{"kind goodbye cannot be encoded: no room"}},
		"a goodbye that cannot be read":    {spoilt{unmarshal: failsAt(`"goodbye"`)}, []string{"kind goodbye cannot be read again, from ", "no room"}},
		"a terminator in a pong":           {spoilt{terminal: `pong`}, []string{`kind pong cannot be encoded: SpoiltSerializer wrote its own terminator "pong" at byte 9`}},
		"credit without its number":        {spoilt{marshal: without(`"items":512,`)}, []string{"kind credit comes back as ", "Items:0", "sent was ", "Items:512"}},
		"an empty text":                    {spoilt{unmarshal: without(`Zoë`)}, []string{"kind request comes back with the payload {Text: said:", "sent was "}},
		"a panic":                          {spoilt{marshal: func([]byte) ([]byte, error) { panic("bug") }}, []string{"kind request cannot be encoded: SpoiltSerializer panicked: bug"}},
		"nothing":                          {spoilt{marshal: func([]byte) ([]byte, error) { return nil, nil }}, []string{"wrote nothing"}},
	} {
		err := wire.TrySerializer(test.s)
		for _, text := range append(test.says, "serializer SpoiltSerializer: a frame of ", "serializertest") {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: got %v, expected %q in it", name, err, text)
			}
		}
	}
}

func TestASerializerThatCarriesEachFrameIsTaken(t *testing.T) {
	for _, s := range []codec.Serializer{codec.JsonSerializer{}, codec.MessagePackSerializer{}, spoilt{}, spoilt{terminal: "\n"}, spoilt{terminal: "\n---\n"}} {
		if err := wire.TrySerializer(s); err != nil {
			t.Errorf("%s with the terminator %q: %v", s.Name(), s.Terminator(), err)
		}
	}
}
