package registry_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

func TestScanFillsTheEntryOfAChosenPlugin(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/any-name", "markdown", "1.4.0", `"permissions": {"net": ["*"]}`)
	e, ok := s.scan().Find("markdown")
	if !ok {
		t.Fatal("not chosen")
	}
	if e.Name != "markdown" || e.Version.String() != "1.4.0" || e.Lone || e.Manifest.Name != "markdown" || e.SHA256 != "" {
		t.Errorf("got %+v", e)
	}
	if e.Dir != s.path("one/any-name") || e.ManifestPath != s.path("one/any-name/plugin.json") ||
		e.EntryPath != s.path("one/any-name/"+entryName()) || e.EntryRel != entryName() {
		t.Errorf("paths: %+v", e)
	}
	if len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "permissions.net: has no effect") {
		t.Errorf("warnings: %v", e.Warnings)
	}
}

func TestScanMakesPathsAbsolute(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	t.Chdir(s.root)
	s.opts.Path = []string{"one"}
	e, _ := s.scan().Find("a")
	if e.Dir != s.path("one/a") || e.EntryPath != s.path("one/a/"+entryName()) {
		t.Errorf("got %s and %s", e.Dir, e.EntryPath)
	}
}

func TestScanFollowsALinkToAPluginsFolder(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("elsewhere/md", "markdown", "1.4.0")
	s.link(s.path("elsewhere/md"), "one/md")
	reg := s.scan()
	e, ok := reg.Find("markdown")
	if !ok {
		t.Fatalf("not chosen:\n%s", all(reg))
	}
	if e.Dir != s.path("one/md") || e.EntryPath != s.path("elsewhere/md/"+entryName()) {
		t.Errorf("got %s and %s", e.Dir, e.EntryPath)
	}
}

func TestScanPassesOverWhatEditorsAndCopiersLeave(t *testing.T) {
	s := newShelf(t, 1)
	for _, name := range []string{".git", ".a", "a.tmp", "a~", "a.bak", "a.orig", "#a#", "a.old"} {
		s.plugin("one/"+name, "a", "1.0.0")
		s.write("one/f-"+name, entryBody, 0o755)
	}
	s.write("one/.hidden", entryBody, 0o755)
	s.write("one/README.md", "read me", 0o644)
	s.write("one/plugins.json", "{}", 0o644)
	s.write("one/b.bak.plugin.json", "{}", 0o644)
	var names []string
	for _, c := range s.scan().Found {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "f-#a# f-.a f-.git" {
		t.Errorf("found %s, want only the executables whose names say nothing", got)
	}
}

func TestScanListsAFolderWithoutAManifestAsIgnored(t *testing.T) {
	s := newShelf(t, 1)
	s.mkdir("one/docs")
	c := only(t, s.scan(), "docs")
	if c.Status != registry.Ignored || c.Reason != "a folder without plugin.json" {
		t.Errorf("got %s", c)
	}
}

func TestScanListsABrokenManifestWithItsErrorAndName(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/md", "markdown", "1.4.0", `"colour": 1`, `"host": "?"`)
	s.plugin("one/other", "other", "1.0.0")
	s.write("one/torn/plugin.json", `{"manifest": 1, "na`, 0o644)
	reg := s.scan()
	c := only(t, reg, "markdown")
	if c.Status != registry.Broken || c.Err == nil {
		t.Errorf("got %s", c)
	}
	contains(t, c.String(), s.path("one/md/plugin.json")+":1:", "colour: found an unknown key", "\n    "+s.path("one/md/plugin.json"), "host: found")
	contains(t, only(t, reg, "torn").Reason, "found the end of the file")
	if chosen(reg) != "other 1.0.0" {
		t.Errorf("chosen %s, want the other plugin untouched", chosen(reg))
	}
}

func TestScanListsADanglingLinkAsBroken(t *testing.T) {
	s := newShelf(t, 1)
	s.link(s.path("nowhere"), "one/md")
	c := only(t, s.scan(), "md")
	if c.Status != registry.Broken || !errors.Is(c.Err, fs.ErrNotExist) {
		t.Errorf("got %s", c)
	}
}

func TestScanGoesOnWithoutAMissingFolderUnlessAllAreMissing(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	s.opts.Path = append(s.opts.Path, s.path("gone"))
	reg := s.scan()
	if chosen(reg) != "a 1.0.0" || reg.Folders[0].Err != nil || !errors.Is(reg.Folders[1].Err, fs.ErrNotExist) {
		t.Errorf("chosen %s, folders %+v", chosen(reg), reg.Folders)
	}
	s.opts.Path = []string{s.path("gone")}
	_, err := registry.Scan(t.Context(), s.opts)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "read plugins folder "+s.path("gone")) {
		t.Errorf("got %v", err)
	}
}

func TestScanSaysWhatIsInAPluginsFoldersPlace(t *testing.T) {
	s := newShelf(t, 1)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		s.path("gone"):               "there is no such folder: create it, or correct the path",
		filepath.Join(file, "below"): "there is no such folder: create it, or correct the path",
		file:                         "it is a file, want a folder that holds plugins, each in a folder of its own",
	} {
		_, err := registry.Scan(t.Context(), registry.Options{Path: []string{path}})
		if err == nil || !strings.HasPrefix(err.Error(), "read plugins folder "+path+": "+want+": ") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestScanRefusesBadOptions(t *testing.T) {
	dir := t.TempDir()
	for want, o := range map[string]registry.Options{
		"the search path is empty":                           {},
		`version "2" of docsite is no semantic version`:      {Path: []string{dir}, HostName: "docsite", HostVersion: "2"},
		`pin of plugin "a": constraint "newest": want a sem`: {Path: []string{dir}, Pins: map[string]string{"a": "newest"}},
	} {
		_, err := registry.Scan(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestScanStopsWhenItsContextEnds(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := registry.Scan(ctx, s.opts); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestScanWritesNothing(t *testing.T) {
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	before := listing(t, s.root)
	s.scan()
	if after := listing(t, s.root); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func listing(t *testing.T, root string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil {
			out = append(out, path+" "+info.Mode().String()+" "+info.ModTime().String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}
