package sampleplugins

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

func load(t *testing.T, name string) *manifest.Manifest {
	t.Helper()
	m, _, err := manifest.Load(filepath.Join(name, manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEverySampleHasAFullManifest(t *testing.T) {
	folders, err := filepath.Glob("*/main.go")
	if err != nil || len(folders) < 8 {
		t.Fatalf("samples %q, %v; want 8 or more", folders, err)
	}
	for _, path := range folders {
		name := filepath.Dir(path)
		m := load(t, name)
		entry, err := m.EntryFor("linux", "amd64")
		if err != nil || entry.Path != name || m.Name != name {
			t.Errorf("%s: name %q, entry %+v, %v; want both to be the folder's name", name, m.Name, entry, err)
		}
		if m.Description == "" || m.License == "" || len(m.Authors) == 0 || len(m.Links) == 0 {
			t.Errorf("%s: description, license, authors or links are missing: %+v", name, m)
		}
		if _, err := os.Stat(filepath.Join(name, m.Schema)); err != nil {
			t.Errorf("%s: $schema: %v", name, err)
		}
	}
}

func TestMarkdownAsksForTheHighlighterItWasWrittenFor(t *testing.T) {
	markdown, highlight := load(t, "markdown"), load(t, "highlight")
	if len(markdown.Requires) != 1 || markdown.Requires[0].Name != "highlight" || !markdown.Requires[0].Optional {
		t.Fatalf("requires %v, want highlight, optional", markdown.Requires)
	}
	if c := markdown.Requires[0].Constraint; !c.Allows(highlight.Version) {
		t.Errorf("markdown requires highlight %s, the sample is %s", c, highlight.Version)
	}
}

func TestCrasherLetsItsVariablesThrough(t *testing.T) {
	if got := load(t, "crasher").Env.Allow; !slices.Equal(got, crasherapi.Environment) {
		t.Errorf("env.allow %s, want %s", strings.Join(got, " "), strings.Join(crasherapi.Environment, " "))
	}
}
