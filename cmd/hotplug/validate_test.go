package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestValidateNamesEveryProblemAndItsPlace(t *testing.T) {
	s := mixed(t)
	got := command(t, "validate", s.dir).exits(t, exitPlugin)
	golden(t, "validate", got.out, s.dir)
	if !strings.Contains(got.err, "lone: an executable without a manifest") || !strings.Contains(got.err, "notes: a folder without plugin.json") || !strings.Contains(got.err, "4 problems in 6 manifests") {
		t.Errorf("got %s", got)
	}
	golden(t, "validate-json", indented(t, command(t, "validate", "--json", s.dir).exits(t, exitPlugin)), s.dir)
}

func TestValidateOfOneManifestLooksAtNothingElse(t *testing.T) {
	s := newShelf(t)
	file := s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone", `"permissions": {"net": ["x"]}`), 0o644)
	got := command(t, "validate", file).exits(t, exitOK)
	golden(t, "validate-file", got.out, s.dir)
	if got.err != "" {
		t.Errorf("stderr %q", got.err)
	}
}

func TestValidateOfAPluginsFolderChecksItsEntryAndNoOtherPlugin(t *testing.T) {
	s := newShelf(t).sample("markdown", `"requires": {"absent": "^1.0"}`)
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	dir := filepath.Join(s.dir, "markdown")
	if got, want := command(t, "validate", dir).exits(t, exitOK).out, filepath.Join(dir, "plugin.json")+": markdown 1.0.0: ok\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := command(t, "validate", filepath.Join(s.dir, "gone")).exits(t, exitPlugin)
	if want := filepath.Join(s.dir, "gone", "plugin.json") + ":5:3: entry gone does not exist"; !strings.HasPrefix(got.out, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestValidateChecksTheEntriesOfEveryPlatform(t *testing.T) {
	s := newShelf(t)
	here, other := runtime.GOOS+"/"+runtime.GOARCH, "plan9/arm"
	program, err := os.ReadFile(filepath.Join(built, exe("counter")))
	if err != nil {
		t.Fatal(err)
	}
	s.file("p/here", string(program), 0o755)
	s.file("p/plugin.json", `{"manifest": 1, "name": "p", "version": "1.0.0", "entry": {
  "`+here+`": {"path": "here", "sha256": "`+strings.Repeat("0", 64)+`"},
  "`+other+`": {"path": "bin/other"}}}`, 0o644)
	got := command(t, "validate", filepath.Join(s.dir, "p")).exits(t, exitPlugin)
	for _, want := range []string{":1:50: entry for " + here + ": here has the SHA-256 ", ", want " + strings.Repeat("0", 64), ":1:50: entry for plan9/arm: bin/other does not exist"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("lacks %q: %s", want, got)
		}
	}
	s.file("q/q", "any", 0o755)
	s.file("q/plugin.json", `{"manifest": 1, "name": "q", "version": "1.0.0", "entry": {"plan9/arm": {"path": "q"}}}`, 0o644)
	got = command(t, "validate", filepath.Join(s.dir, "q")).exits(t, exitOK)
	if !strings.Contains(got.out, `warning: entry: plugin "q" 1.0.0 has no entry for `+here) {
		t.Errorf("got %s", got)
	}
}

func TestValidateRefusesWhatHoldsNoManifest(t *testing.T) {
	dir := t.TempDir()
	command(t, "validate", dir).exits(t, exitPlugin).complains(t, dir+": no plugin.json in it or in the folders below")
	command(t, "validate", filepath.Join(dir, "absent")).exits(t, exitHost).complains(t, "absent does not exist, want a manifest, a plugin's folder or a plugins folder")
	program := filepath.Join(built, exe("counter"))
	command(t, "validate", program).exits(t, exitUsage).complains(t, program+" is a program, want a manifest")
	command(t, "validate").exits(t, exitUsage).complains(t, "validate: found 0 arguments, want at least 1: hotplug validate DIR|FILE")
}

func TestKeyPlaceFindsAKeyAndNotAValueOfThatName(t *testing.T) {
	for text, want := range map[string][2]int{
		"{\"x\": \"entry\",\n \"é\": {\"entry\": 1}, \"entry\": 2}": {2, 21},
		`{"x": 1}`:        {1, 1},
		`["entry"]`:       {1, 1},
		`{"x": `:          {1, 1},
		"":                {1, 1},
		`{"entry"`:        {1, 2},
		`{"x": "entry"}`:  {1, 1},
		"\n{\n\"entry\":": {3, 1},
	} {
		if line, column := keyPlace([]byte(text), "entry"); line != want[0] || column != want[1] {
			t.Errorf("%q: %d:%d, want %v", text, line, column, want)
		}
	}
}

func TestValidateWarnsOfADefaultThatDoesNotFitItsSchema(t *testing.T) {
	s := newShelf(t).sample("counter", `"config": {"default": {"step": "x"}, "schema": {"properties": {"step": {"type": "integer"}}, "required": ["key"]}}`)
	dir := filepath.Join(s.dir, "counter")
	for _, path := range []string{dir, filepath.Join(dir, "plugin.json"), s.dir} {
		got := command(t, "validate", path).exits(t, exitOK)
		if want := `warning: config.default: it does not fit config.schema, so the plugin starts only where the host gives what is missing: ` +
			`/key: expected a value, which is required, found nothing; /step: expected a whole number, found "x"`; !strings.Contains(got.out, filepath.Join(dir, "plugin.json")+":6:3: "+want) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	s = newShelf(t).sample("counter", `"config": {"schema": {"properties": {"step": {"type": "intger"}}}}`)
	if got := command(t, "validate", s.dir).exits(t, exitPlugin); !strings.Contains(got.out, `:6:57: config.schema.properties.step.type: found "intger", want one of `) {
		t.Errorf("got %s", got)
	}
}
