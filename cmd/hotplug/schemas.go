package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// printSchemas prints the JSON Schema of every payload and reply: one row each, or for people, indented.
func (a *app) printSchemas(d *description, before ...cell) error {
	t := &table{}
	for _, m := range d.messages() {
		for _, s := range []struct {
			of     string
			schema json.RawMessage
		}{{"payload", m.PayloadSchema}, {"reply", m.ReplySchema}} {
			if s.schema != nil {
				t.add(append(append([]cell{}, before...), text("schema"), text(m.Name), text(s.of), text(oneLineOf(s.schema)))...)
			}
		}
	}
	if !a.outTerminal {
		return a.print(t)
	}
	var b strings.Builder
	for _, row := range t.rows {
		a.indentSchema(&b, row)
	}
	_, err := a.out.Write([]byte(b.String()))
	return written(err)
}

// oneLineOf is JSON without blanks, so that a cell may hold it.
func oneLineOf(schema json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, schema) != nil {
		return string(schema)
	}
	return b.String()
}

// indentSchema writes a row whose last cell is a schema as a title and the schema below it.
func (a *app) indentSchema(b *strings.Builder, row []cell) {
	var title []string
	last := len(row) - 1
	for _, c := range row[:last] {
		if c.text != "schema" {
			title = append(title, oneLine(c.text))
		}
	}
	head := strings.Join(title, " ")
	if a.colors(true) {
		head = bold + head + plain
	}
	var schema bytes.Buffer
	if json.Indent(&schema, []byte(row[last].text), "", "  ") != nil {
		schema.WriteString(row[last].text)
	}
	b.WriteString("\n" + head + "\n" + printable(schema.String()) + "\n")
}
