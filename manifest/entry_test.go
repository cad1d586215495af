package manifest_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestEntryForGivesTheFileOfThePlatform(t *testing.T) {
	m, _ := mustParse(t, everything)
	got, err := m.EntryFor("linux", "amd64")
	want := manifest.EntryFile{Path: "bin/markdown", SHA256: "ab00000000000000000000000000000000000000000000000000000000000000"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err = m.EntryFor("windows", "amd64"); err != nil || got.Path != "bin/markdown.exe" || got.SHA256 != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEntryForNamesThePlatformsThatThereAre(t *testing.T) {
	m, _ := mustParse(t, everything)
	_, err := m.EntryFor("darwin", "arm64")
	const want = `plugin "markdown" 1.4.0-rc.1+build.5 has no entry for darwin/arm64, only for linux/amd64, windows/amd64: install a build for this platform`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestOneEntryServesEveryPlatform(t *testing.T) {
	m, _ := mustParse(t, with())
	got, err := m.EntryFor("plan9", "386")
	if err != nil || got.Path != "markdown" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTemplateIsAManifestThatParses(t *testing.T) {
	m, warnings := mustParse(t, string(manifest.Template("markdown", "1.4.0", "bin/a<b>")))
	if m.Name != "markdown" || m.Version.String() != "1.4.0" || m.Entry.Path != "bin/a<b>" || len(warnings) != 0 {
		t.Errorf("got %+v, warnings %v", m, warnings)
	}
	want := "{\n  \"manifest\": 1,\n  \"name\": \"x\",\n  \"version\": \"0.1.0\",\n  \"entry\": \"x\"\n}\n"
	if got := string(manifest.Template("x", "0.1.0", "x")); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
