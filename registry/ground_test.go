package registry_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

// sums are the two sums of the plugin a.
func sums(s *shelf) (manifest, files string) {
	s.t.Helper()
	e, ok := s.scan().Find("a")
	if !ok {
		s.t.Fatalf("a is not chosen:\n%s", all(s.scan()))
	}
	return e.ManifestSum, e.FilesSum
}

func TestSumsTellWhetherTheManifestOrTheFilesMoved(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		claim           string
		do              func(s *shelf)
		manifest, files bool
	}{
		{"nothing", func(s *shelf) {}, false, false},
		{"manifest", func(s *shelf) {
			s.write("one/a/plugin.json", text("a", "1.1.0", entryName(), `"files": ["lib/**", "*.txt"]`), 0o644)
		}, true, false},
		{"manifest touched", func(s *shelf) { s.touch("one/a/plugin.json", old) }, false, false},
		{"entry", func(s *shelf) { s.write("one/a/"+entryName(), entryBody+"# more\n", 0o755) }, false, true},
		{"entry touched", func(s *shelf) { s.touch("one/a/"+entryName(), old) }, false, true},
		{"a file that is selected", func(s *shelf) { s.write("one/a/lib/deep/x", "xy", 0o644) }, false, true},
		{"a file more", func(s *shelf) { s.write("one/a/lib/deep/y", "", 0o644) }, false, true},
		{"a file less", func(s *shelf) { s.remove("one/a/lib/deep/x") }, false, true},
		{"a file renamed", func(s *shelf) { s.rename("one/a/lib/deep/x", "one/a/lib/deep/z") }, false, true},
		{"a file that is not selected", func(s *shelf) { s.write("one/a/log", "more", 0o644) }, false, false},
		{"one below a folder that is not selected", func(s *shelf) { s.write("one/a/cache/x", "", 0o644) }, false, false},
		{"an empty folder", func(s *shelf) { s.mkdir("one/a/lib/empty") }, false, false},
		{"moved with its folder", func(s *shelf) { s.rename("one/a", "one/b") }, false, false},
	} {
		t.Run(c.claim, func(t *testing.T) {
			s := newShelf(t, 1)
			s.plugin("one/a", "a", "1.0.0", `"files": ["lib/**", "*.txt"]`)
			s.write("one/a/lib/deep/x", "x", 0o644)
			s.write("one/a/log", "", 0o644)
			m1, f1 := sums(s)
			c.do(s)
			m2, f2 := sums(s)
			if (m1 != m2) != c.manifest || (f1 != f2) != c.files {
				t.Errorf("manifest moved: %v, files moved: %v; want %v and %v", m1 != m2, f1 != f2, c.manifest, c.files)
			}
		})
	}
}

func TestFilesSumSeesModesAndLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	for claim, do := range map[string]func(s *shelf){
		"chmod": func(s *shelf) {
			if err := os.Chmod(s.path("one/a/v1/run"), 0o700); err != nil {
				s.t.Fatal(err)
			}
		},
		"the link on the way to the entry": func(s *shelf) { s.relink("v2", "one/a/current") },
		"a link to a file":                 func(s *shelf) { s.relink("v2/run", "one/a/other") },
		"what a link leads to":             func(s *shelf) { s.write("one/a/v1/run", entryBody+"#", 0o755) },
	} {
		t.Run(claim, func(t *testing.T) {
			s := newShelf(t, 1)
			s.write("one/a/plugin.json", text("a", "1.0.0", "current/run", `"files": ["other"]`), 0o644)
			s.write("one/a/v1/run", entryBody, 0o755)
			s.write("one/a/v2/run", entryBody, 0o755)
			s.link("v1", "one/a/current")
			s.link("v1/run", "one/a/other")
			_, before := sums(s)
			do(s)
			if _, after := sums(s); after == before {
				t.Error("the sum is the same")
			}
		})
	}
}

func TestALoneExecutableHasSums(t *testing.T) {
	s := newShelf(t, 1)
	s.write("one/"+entryName(), entryBody, 0o755)
	s.write("one/run.plugin.json", text("a", "1.0.0", entryName()), 0o644)
	m1, f1 := sums(s)
	s.write("one/neighbour", "", 0o644)
	if m2, f2 := sums(s); m1 == "" || f1 == "" || m1 != m2 || f1 != f2 {
		t.Errorf("a neighbour is part of it: %q %q, %q %q", m1, f1, m2, f2)
	}
	s.write("one/"+entryName(), entryBody+"#", 0o755)
	if _, f2 := sums(s); f1 == f2 {
		t.Error("the sum is the same although the executable changed")
	}
}

func TestOnlyWhatMatters(t *testing.T) {
	root := string(filepath.Separator)
	at := func(names ...string) string { return root + filepath.Join(names...) }
	s := registry.Spots{at("p"): nil, at("tmp"): {"current": true}}
	for path, want := range map[string]bool{
		at("p"): true, at("p", "x"): true, at("tmp", "current"): true, at("tmp", "other"): false, at("tmp"): true,
		at("unknown", "x"): true,
	} {
		if got := registry.Counts(s, path); got != want {
			t.Errorf("%s counts: %v, want %v", path, got, want)
		}
	}
}

func (s *shelf) touch(rel string, at time.Time) {
	s.t.Helper()
	if err := os.Chtimes(s.path(rel), at, at); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) remove(rel string) {
	s.t.Helper()
	if err := os.RemoveAll(s.path(rel)); err != nil {
		s.t.Fatal(err)
	}
}

// relink switches a link as `ln -sfn` does: by a rename.
func (s *shelf) relink(target, rel string) {
	s.t.Helper()
	s.link(target, rel+".new")
	s.rename(rel+".new", rel)
}
