package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// A description is what a plugin prints when HOTPLUG_DESCRIBE=1 is set, as plugin.Description has it. It is read as data, because
// a plugin need not be written in Go.
type description struct {
	Hotplug    []int       `json:"hotplug"` // protocol versions spoken
	Name       string      `json:"name,omitempty"`
	Version    string      `json:"version,omitempty"`
	Build      string      `json:"build,omitempty"`
	Package    string      `json:"package,omitempty"`
	Serializer string      `json:"serializer,omitempty"` // the one it insists on; empty: any
	Handles    []described `json:"handles"`
	Uses       []described `json:"uses,omitempty"`
}

// described is one message of a description.
type described struct {
	Name          string          `json:"name"`
	Kind          rpc.Kind        `json:"kind"`
	Payload       *shape.Shape    `json:"payload,omitempty"`
	Reply         *shape.Shape    `json:"reply,omitempty"`
	PayloadSchema json.RawMessage `json:"payloadSchema,omitempty"`
	ReplySchema   json.RawMessage `json:"replySchema,omitempty"`
}

// parseDescription reads what a program printed; the error says what is there instead.
func parseDescription(out []byte) (*description, error) {
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, errors.New("it printed nothing")
	}
	var d description
	if err := json.Unmarshal(out, &d); err != nil {
		return nil, fmt.Errorf("it printed %s, which is no description: %w", clipped(out), err)
	}
	if len(d.Hotplug) == 0 || d.Handles == nil {
		return nil, fmt.Errorf("it printed %s, which is JSON without the keys \"hotplug\" and \"handles\"", clipped(out))
	}
	for _, list := range [][]described{d.Handles, d.Uses} {
		for i := range list {
			list[i].complete()
		}
	}
	return &d, nil
}

// complete fills in the JSON Schemas that a program left out: they follow from the shapes.
func (m *described) complete() {
	if m.PayloadSchema == nil && m.Payload != nil {
		m.PayloadSchema = m.Payload.JSONSchema()
	}
	if m.ReplySchema == nil && m.Reply != nil {
		m.ReplySchema = m.Reply.JSONSchema()
	}
}

// clipped is the beginning of what a program printed, for a sentence.
func clipped(out []byte) string {
	const most = 60
	text := strings.ToValidUTF8(strings.TrimSpace(string(out)), "\uFFFD")
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

// printDescription prints a description; who says what the manifest adds to it.
func (a *app) printDescription(d *description, f describeFlags, who func(*table)) error {
	if a.json {
		return a.document(d)
	}
	t := &table{}
	for _, row := range [][2]string{
		{"name", d.Name}, {"version", d.Version}, {"build", d.Build}, {"package", d.Package}, {"serializer", d.Serializer},
		{"protocol", strings.Trim(fmt.Sprint(d.Hotplug), "[]")},
	} {
		if row[1] != "" {
			t.add(cell{row[0], bold}, text(row[1]))
		}
	}
	who(t)
	if err := a.print(t); err != nil {
		return err
	}
	if err := a.printMessages(d); err != nil || !f.schema {
		return err
	}
	return a.printSchemas(d)
}

// printMessages prints what a plugin handles and what it calls.
func (a *app) printMessages(d *description) error {
	t := &table{head: []string{"", "MESSAGE", "KIND", "PAYLOAD", "REPLY"}}
	for _, m := range d.messages() {
		t.add(m.row()...)
	}
	if len(t.rows) == 0 {
		a.note("it handles no message: its main has to give plugin.Serve handlers, if it is to be of use")
		return nil
	}
	if a.outTerminal {
		fmt.Fprintln(a.out)
	}
	return a.print(t)
}

// A stated message is one that a plugin handles or calls.
type stated struct {
	described
	how string // "handles" or "calls"
}

// messages are the messages of a description, in its order.
func (d *description) messages() []stated {
	var out []stated
	for _, m := range d.Handles {
		out = append(out, stated{m, "handles"})
	}
	for _, m := range d.Uses {
		out = append(out, stated{m, "calls"})
	}
	return out
}

func (m stated) row() []cell {
	return []cell{{m.how, bold}, text(m.Name), text(string(m.Kind)), text(m.payload()), text(m.reply())}
}

func (m described) payload() string {
	if takesItems(m.Kind) {
		return "items of " + m.Payload.String()
	}
	return m.Payload.String()
}

func (m described) reply() string {
	switch m.Kind {
	case rpc.KindNotice:
		return "-"
	case rpc.KindStream, rpc.KindDuplex:
		return "items of " + m.Reply.String()
	}
	return m.Reply.String()
}

// takesItems reports whether the caller of a message sends items.
func takesItems(k rpc.Kind) bool { return k == rpc.KindUpload || k == rpc.KindDuplex }
