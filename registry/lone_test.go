package registry_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

func TestALoneExecutableWithItsManifestIsAPlugin(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/"+entryName(), entryBody, 0o755)
	s.write("one/"+entryName()+".plugin.json", text("solo", "1.0.0", entryName()), 0o644)
	reg := s.scan()
	e, ok := reg.Find("solo")
	if !ok || len(reg.Found) != 1 {
		t.Fatalf("want one plugin, got\n%s", all(reg))
	}
	if !e.Lone || e.Dir != s.path("one") || e.EntryPath != s.path("one/"+entryName()) || e.ManifestPath != s.path("one/"+entryName()+".plugin.json") {
		t.Errorf("got %+v", e)
	}
}

func TestALoneManifestWithoutItsExecutableIsBroken(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/a.plugin.json", text("a", "1.0.0", "a"), 0o644)
	contains(t, brokenFor(t, s), "entry a does not exist")
}

func TestALoneManifestSpeaksOnlyOfItsExecutable(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/other", entryBody, 0o755)
	s.write("one/a.plugin.json", text("a", "1.0.0", "other"), 0o644)
	contains(t, brokenFor(t, s), `entry "other" is not the executable that `, `want "a"`)

	s = newShelf(t, 1)
	s.write("one/a", entryBody, 0o755)
	s.write("one/a.plugin.json", text("a", "1.0.0", "a", `"files": ["*.txt"]`), 0o644)
	contains(t, brokenFor(t, s), "a lone executable is all there is; more files need a folder with plugin.json")
}

func TestAnExecutableWithoutAManifestIsListedWithTheCommandThatWritesOne(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/"+entryName(), entryBody, 0o755)
	c := only(t, s.scan(), entryName())
	path := s.path("one/" + entryName())
	if want := entryName() + " (" + path + "): no manifest: an executable without a manifest: write one with `hotplug init --lone " + path + "`"; c.String() != want {
		t.Errorf("got  %s\nwant %s", c, want)
	}
	if c.Status != registry.NoManifest {
		t.Errorf("status %s", c.Status)
	}
}
