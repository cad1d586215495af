package sampleplugins

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
	"github.com/go-hotplug/hotplug/sample-plugins/greeterapi"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
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

func TestSamplesAskForWhatTheyCallOnTheirHost(t *testing.T) {
	for name, calls := range map[string][]string{
		"markdown":  {string(hostapi.Exists), string(hostapi.ReadAsset), string(highlightapi.Highlight)},
		"linkcheck": {string(hostapi.Exists), string(hostapi.Anchors)},
		"crasher":   {"*"}, // what it is told to
		"counter":   nil, "highlight": nil, "outline": nil, "thumbnail": nil, "wordcount": nil,
	} {
		if got := load(t, name).Permissions.Calls; !slices.Equal(got, calls) {
			t.Errorf("%s: permissions.calls %q, want %q", name, got, calls)
		}
	}
	for _, name := range []string{"node-greeter", "node-toolkit", "python-greeter", "python-toolkit"} {
		if got := load(t, name).Permissions.Calls; !slices.Equal(got, manifest.Calls{string(greeterapi.Guest), string(greeterapi.Greeted)}) {
			t.Errorf("%s: permissions.calls %q", name, got)
		}
	}
}

func TestCrasherLetsItsVariablesThrough(t *testing.T) {
	if got := load(t, "crasher").Env.Allow; !slices.Equal(got, crasherapi.Environment) {
		t.Errorf("env.allow %s, want %s", strings.Join(got, " "), strings.Join(crasherapi.Environment, " "))
	}
}

func TestThumbnailHoldsAsManyUploadsAtATimeAsItsContractSays(t *testing.T) {
	if got := load(t, "thumbnail").Limits.Streams; got != thumbnailapi.Uploads {
		t.Errorf("limits.streams %d, want %d", got, thumbnailapi.Uploads)
	}
}

// They are there to be copied: one file that can be read in one sitting.
func TestAPluginInOneFileHasFewerThan200Lines(t *testing.T) {
	for _, path := range []string{"node-greeter/greeter.mjs", "python-greeter/greeter.py"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(lines) >= 200 {
			t.Errorf("%s: %d lines, want fewer than 200", path, len(lines))
		}
		for i, line := range lines {
			if utf8.RuneCountInString(line) > 120 {
				t.Errorf("%s:%d: %d columns, want at most 120", path, i+1, utf8.RuneCountInString(line))
			}
			for _, own := range []string{"from './", "import hotplug", "from hotplug"} {
				if strings.Contains(line, own) {
					t.Errorf("%s:%d: %q imports another file, want one file", path, i+1, line)
				}
			}
		}
	}
}

func TestSamplesInOtherLanguagesHaveAFullManifest(t *testing.T) {
	for name, entry := range map[string]string{
		"node-greeter": "greeter.mjs", "node-toolkit": "greeter.mjs", "python-greeter": "greeter.py", "python-toolkit": "greeter.py",
	} {
		m := load(t, name)
		found, err := m.EntryFor("linux", "amd64")
		if err != nil || found.Path != entry || m.Name != name || m.Serializer != "JsonSerializer" || m.Description == "" {
			t.Errorf("%s: name %q, entry %+v, serializer %s, %v", name, m.Name, found, m.Serializer, err)
		}
		if info, err := os.Stat(filepath.Join(name, entry)); err != nil || runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
			t.Errorf("%s/%s: %v; want a file that is executable", name, entry, err)
		}
	}
}
