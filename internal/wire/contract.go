package wire

import (
	"errors"
	"fmt"

	"github.com/go-hotplug/hotplug/shape"
)

// CheckMessage compares what one side calls (used) with what the other side handles. The error names the
// message, the field and both shapes; here is what the error calls the side that made the call.
func CheckMessage(used, handled *Message) error {
	if !sameKind(used.Kind, handled.Kind) {
		return fmt.Errorf("message %q is %s here and %s there: both ends must be built from the same contract", used.Name, Article(used.Kind), Article(handled.Kind))
	}
	if err := shape.Compatible(used.Payload, handled.Payload); err != nil {
		return mismatch(used.Name, "payload", err)
	}
	if err := shape.Compatible(handled.Reply, used.Reply); err != nil {
		return mismatch(used.Name, "reply", err)
	}
	return nil
}

// Article is a kind of message with its article.
func Article(kind string) string {
	if kind == "upload" {
		return "an " + kind
	}
	return "a " + kind
}

// sameKind lets a caller treat a query as a method: it then forgoes asking twice. The reverse would run twice what may not.
func sameKind(used, handled string) bool {
	return used == "" || handled == "" || used == handled || (used == "method" && handled == "query")
}

// mismatch phrases a shape error from this side: here is the sender of a payload and the receiver of a reply.
func mismatch(name, part string, err error) error {
	var m *shape.Mismatch
	if !errors.As(err, &m) {
		return fmt.Errorf("message %q: %s: %w", name, part, err)
	}
	here, there := m.Sender, m.Receiver
	if part == "reply" {
		here, there = there, here
	}
	switch {
	case m.Path == "":
		return fmt.Errorf("message %q: %s is %s here and %s there", name, part, here, there)
	case part == "reply":
		return fmt.Errorf("message %q: reply field %q is %s here and %s there", name, m.Path, here, there)
	}
	return fmt.Errorf("message %q: field %q is %s here and %s there", name, m.Path, here, there)
}

// CheckUses checks every message that one side uses against those that the other handles. A message that is not
// handled at all is an error if required; otherwise it is left to the first call.
func CheckUses(uses, handles []Message, required bool) error {
	byName := make(map[string]*Message, len(handles))
	for i := range handles {
		byName[handles[i].Name] = &handles[i]
	}
	for i := range uses {
		h, ok := byName[uses[i].Name]
		if !ok {
			if required {
				return fmt.Errorf("message %q is used here and not handled there", uses[i].Name)
			}
			continue
		}
		if err := CheckMessage(&uses[i], h); err != nil {
			return err
		}
	}
	return nil
}
