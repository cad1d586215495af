package registry_test

import (
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/go-hotplug/hotplug/registry"
)

// made is a registry of candidates that nobody has scanned.
func made(cs ...registry.Candidate) *registry.Registry { return &registry.Registry{Found: cs} }

// cand is a candidate of plugin a; each of marks sets something: a version "v1", a manifest "m1", files "f1", a folder "/x", any
// other is the reason.
func cand(status registry.Status, marks ...string) registry.Candidate {
	c := registry.Candidate{Status: status, Entry: registry.Entry{Name: "a", Dir: "/p/a", Version: semver.MustParse("1.0.0"), ManifestSum: "m", FilesSum: "f"}}
	for _, m := range marks {
		switch m[0] {
		case 'v':
			c.Version = semver.MustParse(m[1:] + ".0.0")
		case 'm':
			c.ManifestSum = m
		case 'f':
			c.FilesSum = m
		case '/':
			c.Dir = m
		default:
			c.Reason = m
		}
	}
	return c
}

func TestChangesSayWhatBecameOfEachPlugin(t *testing.T) {
	ok, off, bad := cand(registry.Chosen), cand(registry.Disabled, "disabled by the host"), cand(registry.Broken, "entry is empty")
	for _, c := range []struct {
		claim    string
		old, new *registry.Registry
		want     string // kind: reason; empty: no change
	}{
		{"nothing to nothing", made(), made(), ""},
		{"no registry is an empty one", nil, made(ok), "added: a 1.0.0 (/p/a) was installed"},
		{"gone", made(ok), nil, "removed: a 1.0.0 (/p/a) is no longer installed"},
		{"the same", made(ok), made(ok), ""},
		{"version", made(ok), made(cand(registry.Chosen, "v2", "m2", "f2")), "changed: a 1.0.0 (/p/a) became a 2.0.0 (/p/a): manifest changed, files changed"},
		{"manifest alone", made(ok), made(cand(registry.Chosen, "m2")), "changed: a 1.0.0 (/p/a): manifest changed"},
		{"files alone", made(ok), made(cand(registry.Chosen, "f2")), "changed: a 1.0.0 (/p/a): files changed"},
		{"folder alone", made(ok), made(cand(registry.Chosen, "/p/b")), "changed: a 1.0.0 (/p/a) became a 1.0.0 (/p/b): moved"},
		{"switched off", made(ok), made(off), "disabled: disabled by the host"},
		{"installed and switched off", made(), made(off), "disabled: disabled by the host"},
		{"still off", made(off), made(cand(registry.Disabled, "v2", "disabled by the host")), ""},
		{"switched on", made(off), made(ok), "enabled: a 1.0.0 (/p/a) is no longer disabled by the host"},
		{"off and gone", made(off), made(), "removed: a 1.0.0 (/p/a) is no longer installed"},
		{"broke", made(ok), made(bad), "broken: entry is empty"},
		{"installed broken", made(), made(bad), "broken: entry is empty"},
		{"off and broken", made(off), made(bad), "broken: entry is empty"},
		{"still broken", made(bad), made(bad), ""},
		{"broken otherwise", made(bad), made(cand(registry.Broken, "entry is a folder")), "broken: entry is a folder"},
		{"broken with other files", made(bad), made(cand(registry.Broken, "f2", "entry is empty")), "broken: entry is empty"},
		{"mended", made(bad), made(cand(registry.Chosen, "f2")), "changed: a 1.0.0 (/p/a): can be used again, files changed"},
		{"mended from outside", made(bad), made(ok), "changed: a 1.0.0 (/p/a): can be used again"},
		{"excluded is broken", made(ok), made(cand(registry.Excluded, "needs host ^3")), "broken: needs host ^3"},
		{"no plugin any more", made(ok), made(cand(registry.Ignored, "a folder without plugin.json")), "removed: a 1.0.0 (/p/a) is no longer installed"},
		{"never was one", made(cand(registry.NoManifest)), made(), ""},
		{"what is chosen speaks", made(bad, ok), made(ok), ""},
		{"another copy that is not chosen", made(ok), made(ok, cand(registry.Shadowed, "v0")), ""},
		{"back to an older one", made(cand(registry.Chosen, "v2", "m2", "f2", "/p/b"), cand(registry.Shadowed)), made(ok, cand(registry.Broken, "v2", "/p/b", "x")),
			"changed: a 2.0.0 (/p/b) became a 1.0.0 (/p/a): manifest changed, files changed"},
	} {
		got := ""
		for _, c := range registry.Changes(c.old, c.new) {
			got += string(c.Kind) + ": " + c.Reason
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.claim, got, c.want)
		}
	}
}

func TestAChangeHasBothSidesAndSaysWhichPartMoved(t *testing.T) {
	old, now := made(cand(registry.Chosen)), made(cand(registry.Chosen, "v2", "m2"))
	c := registry.Changes(old, now)[0]
	if c.Name != "a" || c.Old.Version.String() != "1.0.0" || c.New.Version.String() != "2.0.0" || !c.Manifest || c.Files {
		t.Errorf("got %+v", c)
	}
	if c = registry.Changes(nil, now)[0]; c.Old != nil || c.New == nil || c.Manifest || c.Files {
		t.Errorf("of what is new: got %+v", c)
	}
}

func TestChangesAreSortedByName(t *testing.T) {
	s := newShelf(t, 1)
	s.install("c 1.0.0\na 1.0.0\nb 1.0.0 -> c ^1")
	if got := changes(nil, s.scan()); got != "added a, added b, added c" {
		t.Errorf("got %s", got)
	}
}

func TestAPluginThatRequiresAnotherIsNotChangedWithIt(t *testing.T) {
	s := newShelf(t, 1)
	s.install("a 1.0.0 -> b ^1\nb 1.0.0")
	before := s.scan()
	s.plugin("one/b-1.0.0", "b", "1.1.0")
	if got := changes(before, s.scan()); got != "changed b" {
		t.Errorf("got %s", got)
	}
}
