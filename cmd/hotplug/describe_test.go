package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/plugin"
)

func TestDescribePrintsWhatAPluginAnswers(t *testing.T) {
	s := newShelf(t).sample("counter").sample("highlight")
	golden(t, "describe", command(t, "describe", filepath.Join(s.dir, "counter")).exits(t, exitOK).out)
	golden(t, "describe-json", indented(t, command(t, "describe", "--json", filepath.Join(s.dir, "counter")).exits(t, exitOK)))
	golden(t, "describe-terminal", atTerminal(t, "describe", "--no-color", filepath.Join(built, exe("highlight"))).exits(t, exitOK).out)
}

func TestDescribeSaysWhenProgramAndManifestDiffer(t *testing.T) {
	s := newShelf(t).sampleAs("highlight", "highlight", "3.0.0")
	got := command(t, "describe", filepath.Join(s.dir, "highlight")).exits(t, exitOK)
	if !strings.Contains(got.err, "plugin.json says highlight 3.0.0, the program says highlight 1.0.0") {
		t.Errorf("got %s", got)
	}
}

func TestDescribeRefusesWhatIsNoPlugin(t *testing.T) {
	s := newShelf(t)
	s.file("gone/plugin.json", manifestText("gone", "1.0.0", "gone"), 0o644)
	text := s.file("text", "hello", 0o644)
	command(t, "describe", filepath.Join(s.dir, "gone")).exits(t, exitPlugin).complains(t, "entry gone does not exist")
	command(t, "describe", filepath.Join(s.dir, "absent")).exits(t, exitHost).complains(t, "describe: ", "absent does not exist, want a program, a plugin's folder or a plugins folder")
	command(t, "describe", t.TempDir()).exits(t, exitPlugin).complains(t, "a folder without plugin.json, and no plugin below it")
	for _, how := range []string{"--launch=false", "--launch"} {
		command(t, "describe", how, text).exits(t, exitPlugin).complains(t, "describe "+text+": entry text is not executable")
	}
}

func TestDescribeOfAManifestIsOfItsPlugin(t *testing.T) {
	s := newShelf(t).sample("counter")
	s.program("counter", "lone")
	s.file("lone.plugin.json", manifestText("lone", "1.0.0", exe("lone")), 0o644)
	for _, file := range []string{"counter/plugin.json", "lone.plugin.json"} {
		if got := command(t, "describe", filepath.Join(s.dir, file)).exits(t, exitOK); !strings.Contains(got.out, "counter.add") {
			t.Errorf("%s: got %s", file, got)
		}
	}
}

func TestParseDescriptionSaysWhatIsThereInstead(t *testing.T) {
	for out, want := range map[string]string{
		"":                            "it printed nothing",
		"usage: ls\n":                 `it printed "usage: ls", which is no description`,
		`{"hotplug": 1}`:              "which is no description: json: cannot unmarshal number",
		`{"name": "x"}`:               `is JSON without the keys "hotplug" and "handles"`,
		`{"hotplug":[1]}`:             `is JSON without the keys`,
		strings.Repeat("x", 100):      `it printed "` + strings.Repeat("x", 60) + `..."`,
		`{"hotplug":[1],"handles":[]`: "unexpected end of JSON input",
	} {
		if d, err := parseDescription([]byte(out)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", out, d, err, want)
		}
	}
	if d, err := parseDescription([]byte(`{"hotplug":[1,9],"handles":[],"later":true}`)); err != nil || len(d.Hotplug) != 2 {
		t.Errorf("a description of a later version: %v, %v", d, err)
	}
}

// A description is read here and written there: both must know the same keys.
func TestDescriptionHasTheKeysThatPluginsPrint(t *testing.T) {
	for _, pair := range [][2]reflect.Type{
		{reflect.TypeFor[description](), reflect.TypeFor[plugin.Description]()},
		{reflect.TypeFor[described](), reflect.TypeFor[plugin.DescribedHandle]()},
	} {
		if got, want := tags(pair[0]), tags(pair[1]); got != want {
			t.Errorf("%s has the keys %s, %s has %s", pair[0], got, pair[1], want)
		}
	}
}

func tags(s reflect.Type) string {
	var out []string
	for f := range s.Fields() {
		out = append(out, f.Tag.Get("json"))
	}
	return strings.Join(out, " ")
}
