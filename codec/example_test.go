package codec_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/go-hotplug/hotplug/codec"
)

// Base64Serializer is JSON in base64: text without a '!', which therefore can end a frame.
type Base64Serializer struct{}

func (Base64Serializer) Name() string       { return "Base64Serializer" }
func (Base64Serializer) Terminator() []byte { return []byte("!") }

func (Base64Serializer) Marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return []byte(base64.StdEncoding.EncodeToString(b)), err
}

func (Base64Serializer) Unmarshal(data []byte, v any) error {
	b, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// HexSerializer is JSON in hexadecimal digits, without a terminator: its frames carry their length.
type HexSerializer struct{}

func (HexSerializer) Name() string       { return "HexSerializer" }
func (HexSerializer) Terminator() []byte { return nil }

func (HexSerializer) Marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return hex.AppendEncode(nil, b), err
}

func (HexSerializer) Unmarshal(data []byte, v any) error {
	b, err := hex.DecodeString(string(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(b)).Decode(v)
}

func init() {
	codec.Register(Base64Serializer{})
	codec.Register(HexSerializer{})
}

func ExampleRegister() {
	for _, name := range []string{"Base64Serializer", "HexSerializer"} {
		s, err := codec.Lookup(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		frame, err := codec.Append(s, []byte("> "), map[string]int{"a": 1})
		fmt.Printf("%s%s %v\n", frame, s.Terminator(), err)
		var back map[string]int
		err = s.Unmarshal(frame[2:], &back)
		fmt.Println(back, err)
	}
	// Output:
	// > eyJhIjoxfQ==! <nil>
	// map[a:1] <nil>
	// > 7b2261223a317d <nil>
	// map[a:1] <nil>
}

func ExampleLookup() {
	_, err := codec.Lookup("YamlSerializer")
	fmt.Println(err)
	// Output:
	// serializer "YamlSerializer" is not registered (known: Base64Serializer, HexSerializer, JsonSerializer, MessagePackSerializer): correct the name, or make it known with codec.Register
}
