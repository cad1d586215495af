package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestDescribeOfAPluginsFolderPrintsEveryPluginThatIsChosen(t *testing.T) {
	s := newShelf(t).sample("counter").sampleAs("old", "counter", "0.9.0").sample("highlight")
	golden(t, "describe-folder", command(t, "describe", s.dir).exits(t, exitOK).out)
	got := decoded[describedFolder](t, command(t, "describe", "--json", s.dir).exits(t, exitOK))
	if len(got.Plugins) != 2 || got.Plugins[0].Name != "counter" || got.Plugins[0].Version != "1.0.0" || got.Plugins[1].Name != "highlight" {
		t.Fatalf("got %+v", got)
	}
	for _, p := range got.Plugins {
		checkSchemas(t, p.Description)
	}
}

func TestDescribeOfAPluginsFolderGoesOnPastWhatIsBroken(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	s.file("text/text", "hello", 0o755)
	s.file("text/plugin.json", manifestText("text", "1.0.0", "text"), 0o644)
	got := command(t, "describe", s.dir).exits(t, exitPlugin)
	for _, want := range []string{"gone: entry gone does not exist", "text: ", "hotplug: 2 plugins cannot be described: gone, text"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q: %s", want, got)
		}
	}
	if strings.Count(got.out, "\n") != 5 {
		t.Errorf("want counter's five messages, got %s", got)
	}
	doc := decoded[describedFolder](t, command(t, "describe", "--json", s.dir).exits(t, exitPlugin))
	if len(doc.Plugins) != 3 || doc.Plugins[0].Error != "" || doc.Plugins[1].Error == "" || doc.Plugins[1].Description != nil || doc.Plugins[2].Error == "" {
		t.Errorf("got %+v", doc)
	}
}

func TestDescribePrintsSchemasIfAskedTo(t *testing.T) {
	s := newShelf(t).sample("counter")
	dir := filepath.Join(s.dir, "counter")
	piped := command(t, "describe", "--schema", dir).exits(t, exitOK)
	golden(t, "describe-schema", piped.out)
	golden(t, "describe-schema-terminal", atTerminal(t, "describe", "--schema", "--no-color", dir).exits(t, exitOK).out)
	if without := command(t, "describe", dir).exits(t, exitOK); !strings.HasPrefix(piped.out, without.out) || strings.Contains(without.out, "schema") {
		t.Errorf("without --schema: %s", without)
	}
	if got := command(t, "describe", "--schema", s.dir).exits(t, exitOK); strings.Count(got.out, "counter\t1.0.0\tschema\tcounter.") != 9 {
		t.Errorf("of a folder: %s", got)
	}
}

// What a plugin says in the handshake and what it says when it is asked to describe itself must be the same.
func TestDescribeByLaunchingSaysWhatTheProgramSays(t *testing.T) {
	s := newShelf(t).sample("counter").sample("crasher", `"serializer": "JsonSerializer"`)
	for _, path := range []string{filepath.Join(built, exe("counter")), filepath.Join(s.dir, "counter"), filepath.Join(s.dir, "crasher")} {
		said := decoded[description](t, command(t, "describe", "--json", path).exits(t, exitOK))
		launched := decoded[description](t, command(t, "describe", "--json", "--launch", path).exits(t, exitOK))
		a, err := json.Marshal(said.Handles)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(launched.Handles)
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) || len(launched.Handles) == 0 {
			t.Errorf("%s: described %s, launched %s", path, a, b)
		}
		checkSchemas(t, &launched)
	}
	if got := command(t, "describe", "--launch", s.dir).exits(t, exitOK); !strings.Contains(got.out, "counter\t1.0.0\thandles\tcounter.add\t") {
		t.Errorf("of a folder: %s", got)
	}
}

func TestSchemasThatAProgramLeavesOutFollowFromItsShapes(t *testing.T) {
	d, err := parseDescription([]byte(`{"hotplug":[1],"handles":[{"name":"m","kind":"method","payload":"int64","reply":{"struct":{"a":"string"}}}],
		"uses":[{"name":"n","kind":"notice","payload":"bool"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	checkSchemas(t, d)
	if got := string(d.Uses[0].PayloadSchema); !strings.Contains(got, `"boolean"`) || d.Uses[0].ReplySchema != nil {
		t.Errorf("got %s, %s", got, d.Uses[0].ReplySchema)
	}
}

func checkSchemas(t *testing.T, d *description) {
	t.Helper()
	if d == nil || len(d.Handles) == 0 {
		t.Fatalf("no description: %+v", d)
	}
	for _, m := range d.Handles {
		if !strings.Contains(string(m.PayloadSchema), `"type"`) || (m.Reply != nil) != (m.ReplySchema != nil) {
			t.Errorf("%s: payload %s, reply %s", m.Name, m.PayloadSchema, m.ReplySchema)
		}
	}
}
