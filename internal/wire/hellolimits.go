package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-hotplug/hotplug/shape"
)

// Limits of what a handshake line says. Both ends refuse what is beyond, before they build it: a message of two bytes takes sixty of memory.
// Texts take what they are, so the line's limit is theirs.
const (
	MaxMessages = 4096   // of handles, and of uses
	MaxParts    = 32_768 // of all shapes of handles together, and of uses
	MaxFeatures = 64
	MaxVersions = 64 // offered by a host
)

// Messages are what one side handles, or uses. What is read has names, and is within the limits.
type Messages []Message

// Features are the names of what one side understands beside the protocol. What is read is within the limits.
type Features []string

// Versions are what a host offers. What is read is within the limit.
type Versions []int

// UnmarshalJSON refuses, with a *Refusal, what is beyond the limits.
func (m *Messages) UnmarshalJSON(data []byte) (err error) {
	parts := 0
	*m, err = readList(data, MaxMessages, "messages in handles or uses", func(n int, one *Message) error { return one.checkSaid(n, &parts) })
	return err
}

// UnmarshalJSON refuses, with a *Refusal, what is beyond the limits.
func (f *Features) UnmarshalJSON(data []byte) (err error) {
	*f, err = readList(data, MaxFeatures, "features", func(int, *string) error { return nil })
	return err
}

// UnmarshalJSON refuses, with a *Refusal, what is beyond the limit.
func (v *Versions) UnmarshalJSON(data []byte) (err error) {
	*v, err = readList(data, MaxVersions, "protocol versions", func(int, *int) error { return nil })
	return err
}

// tooMany is the refusal of a list.
func tooMany(found, most int, what string) error {
	return &Refusal{Code: "Protocol", Message: fmt.Sprintf("the handshake line has %d %s, at most %d are allowed: describe fewer", found, what, most)}
}

// checkSaid refuses the message that stands at n. parts counts those of the shapes before it.
func (m *Message) checkSaid(n int, parts *int) error {
	if m.Name == "" {
		return &Refusal{Code: "Protocol", Message: fmt.Sprintf("message %d of handles or uses in the handshake line has no name: each needs one", n+1)}
	}
	if *parts += partsOf(m.Payload) + partsOf(m.Reply); *parts > MaxParts {
		return &Refusal{Code: "Protocol", Message: fmt.Sprintf("the shapes of handles or uses in the handshake line have %d parts up to message %q, at most %d are allowed: "+
			"describe fewer messages, or use any for a part of them", *parts, m.Name, MaxParts)}
	}
	return nil
}

// partsOf counts a shape and those within it; nil has none. It stays within what a shape may have, so that one which contains itself ends.
func partsOf(s *shape.Shape) int {
	left := shape.MaxNodes
	countParts(s, &left, shape.MaxDepth)
	return shape.MaxNodes - left
}

func countParts(s *shape.Shape, left *int, depth int) {
	if s == nil || *left <= 0 || depth <= 0 {
		return
	}
	*left--
	countParts(s.Elem, left, depth-1)
	countParts(s.Key, left, depth-1)
	for _, f := range s.Fields {
		countParts(f.Shape, left, depth-1)
	}
}

// readList reads a JSON array, or null, and builds no more than most of its elements.
func readList[T any](data []byte, most int, what string, check func(n int, one *T) error) ([]T, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	first, err := d.Token()
	if err != nil || first == nil {
		return nil, err
	}
	if first != json.Delim('[') {
		return nil, json.Unmarshal(data, new([]T)) // it says what was found
	}
	all := []T{}
	for d.More() {
		if len(all) == most {
			return nil, tooMany(most+countRest(d), most, what)
		}
		var one T
		if err := d.Decode(&one); err != nil {
			return nil, err
		}
		if err := check(len(all), &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// countRest counts the elements that are left of an array.
func countRest(d *json.Decoder) (n int) {
	for skipped := (json.RawMessage)(nil); d.More(); n++ {
		if err := d.Decode(&skipped); err != nil {
			return n
		}
	}
	return n
}

// checkStated refuses to write what the other side would refuse to read.
func checkStated(versions []int, handles, uses []Message, features []string) error {
	if len(versions) > MaxVersions {
		return tooMany(len(versions), MaxVersions, "protocol versions")
	}
	if len(features) > MaxFeatures {
		return tooMany(len(features), MaxFeatures, "features")
	}
	for _, list := range [][]Message{handles, uses} {
		if err := checkMessages(list); err != nil {
			return err
		}
	}
	return nil
}

func checkMessages(list []Message) error {
	if len(list) > MaxMessages {
		return tooMany(len(list), MaxMessages, "messages in handles or uses")
	}
	parts := 0
	for n := range list {
		if err := list[n].checkSaid(n, &parts); err != nil {
			return err
		}
	}
	return nil
}
