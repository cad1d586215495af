package lockfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/lockfile"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/registry"
)

var here = runtime.GOOS + "/" + runtime.GOARCH

// A shelf is a plugins folder with its lock.
type shelf struct {
	lockfile.Lock
	t   *testing.T
	dir string
}

func newShelf(t *testing.T) *shelf {
	dir := t.TempDir()
	return &shelf{lockfile.Lock{Folders: []string{dir}}, t, dir}
}

func (s *shelf) file(rel, content string, mode os.FileMode) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
}

// plugin installs one whose entry is a script; entry is JSON.
func (s *shelf) plugin(name, version, entry string) {
	s.t.Helper()
	s.file(name+"/run", "#!/bin/sh\n", 0o755)
	s.file(name+"/plugin.json", fmt.Sprintf(`{"manifest": 1, "name": %q, "version": %q, "entry": %s}`, name, version, entry), 0o644)
}

// collect locks everything that is there.
func (s *shelf) collect() *lockfile.File {
	s.t.Helper()
	f, left, err := s.Collect(s.t.Context())
	if err != nil || len(left) > 0 {
		s.t.Fatal(err, left)
	}
	return f
}

// write locks everything, and reads it again.
func (s *shelf) write() *lockfile.File {
	s.t.Helper()
	if err := s.Write(s.collect()); err != nil {
		s.t.Fatal(err)
	}
	f, err := s.Read()
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// found is a plugin as a host finds it: the copy is made by a store.
func (s *shelf) found(name string) lockfile.Found {
	s.t.Helper()
	reg, err := registry.Scan(s.t.Context(), registry.Options{Path: s.Folders})
	if err != nil {
		s.t.Fatal(err)
	}
	e, ok := reg.Find(name)
	if !ok {
		s.t.Fatal(reg.Explain(name))
	}
	st, err := store.Open(filepath.Join(s.t.TempDir(), "store"))
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := st.Put(s.t.Context(), lockfile.Tree(e))
	if err != nil {
		s.t.Fatal(err)
	}
	return lockfile.Found{
		Name: name, Version: e.Version.String(), Manifest: e.ManifestSum, Platform: here,
		Build: lockfile.Build{Entry: c.Entry, SHA256: c.EntrySHA256, Files: c.Hash},
	}
}

func TestWhatIsLockedIsTheCopyThatAStoreMakes(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	s.file("one/data/x", "x", 0o644)
	s.plugin("two", "1.0.0", `{"`+here+`": {"path": "run"}, "plan9/386": {"path": "absent"}}`)
	s.file("alone", "#!/bin/sh\n", 0o755)
	s.file("alone.plugin.json", `{"manifest": 1, "name": "alone", "version": "0.1.0", "entry": "alone"}`, 0o644)
	s.file("program", "#!/bin/sh\n", 0o755) // no plugin
	s.file("notes/x", "", 0o644)            // nor this
	f := s.write()
	if len(f.Plugins) != 3 {
		t.Fatalf("locked are %+v", f.Plugins)
	}
	for _, name := range []string{"one", "two", "alone"} {
		if err := s.Admit(f, s.found(name)); err != nil {
			t.Error(err)
		}
	}
	if p := f.Plugins[2]; len(p.Platforms) != 1 || p.Platforms[here].Entry != "run" {
		t.Errorf("an entry that is not there is locked, or one that is there is not: %+v", p)
	}
}

func TestWhatIsNotWhatWasLockedIsRefusedWithBothHashes(t *testing.T) {
	for what, change := range map[string]func(s *shelf){
		"its manifest has the SHA-256":  func(s *shelf) { s.plugin("one", "1.0.0", ` "run"`) },
		"its entry run has the SHA-256": func(s *shelf) { s.file("one/run", "#!/bin/sh\nexit 1\n", 0o755) },
		"its files have the hash":       func(s *shelf) { s.file("one/more", "", 0o644) },
	} {
		s := newShelf(t)
		s.plugin("one", "1.0.0", `"run"`)
		f := s.write()
		before := s.found("one")
		change(s)
		found := s.found("one")
		err := s.Admit(f, found)
		if err == nil {
			t.Errorf("%s: it is admitted", what)
			continue
		}
		hashes := map[string][2]string{
			"its manifest has the SHA-256": {found.Manifest, before.Manifest}, "its entry run has the SHA-256": {found.SHA256, before.SHA256}, "its files have the hash": {found.Files, before.Files},
		}[what]
		want := []string{`plugin "one" 1.0.0`, what + " " + hashes[0] + ", locked is " + hashes[1], "`hotplug lock " + s.dir + "`", s.Path()}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v\nlacks %q", err, w)
			}
		}
		if err := s.Admit(s.write(), found); err != nil {
			t.Errorf("it was locked, and is refused: %v", err)
		}
	}
}

func TestAPluginOrPlatformThatIsNotLockedIsRefused(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `{"`+here+`": {"path": "run"}}`)
	f := s.write()
	found := s.found("one")
	stranger := found
	stranger.Name = "two"
	if err := s.Admit(f, stranger); err == nil || !strings.Contains(err.Error(), `plugin "two" is not in the lock file `+s.Path()) {
		t.Error(err)
	}
	found.Platform = "plan9/386"
	if err := s.Admit(f, found); err == nil || !strings.Contains(err.Error(), "it is locked for "+here+", this is plan9/386") {
		t.Error(err)
	}
}

func TestSeveralVersionsOfAPluginAreLockedAndEachIsAdmitted(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	old := s.found("one")
	s.file("newer/run", "#!/bin/sh\n:\n", 0o755)
	s.file("newer/plugin.json", `{"manifest": 1, "name": "one", "version": "1.1.0", "entry": "run"}`, 0o644)
	f := s.write()
	for _, found := range []lockfile.Found{old, s.found("one")} {
		if err := s.Admit(f, found); err != nil {
			t.Error(err)
		}
	}
	if !f.Has("one", old.Files) || f.Has("two", old.Files) || f.Has("one", strings.Repeat("0", 64)) {
		t.Error("Has does not tell what is locked")
	}
}

func TestTheSamePluginsAreTheSameBytesInWhateverOrder(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	s.plugin("two", "1.0.0", `"run"`)
	s.plugin("copy-of-two", "1.0.0", `"run"`)
	s.file("copy-of-two/plugin.json", `{"manifest": 1, "name": "two", "version": "1.0.0", "entry": "run"}`, 0o644)
	f := s.collect()
	text := string(f.Text())
	f.Plugins[0], f.Plugins[2] = f.Plugins[2], f.Plugins[0]
	if got := string(f.Text()); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
	if n := strings.Count(text, `"name": "two"`); n != 1 {
		t.Errorf("what is there twice stands %d times in\n%s", n, text)
	}
	if again := string(s.collect().Text()); again != text {
		t.Errorf("got\n%s\nwant\n%s", again, text)
	}
}

func TestWhatCannotBeLockedIsSaidAndTheRestIsLocked(t *testing.T) {
	s := newShelf(t)
	s.plugin("good", "1.0.0", `"run"`)
	s.plugin("empty", "1.0.0", `"absent"`)
	s.plugin("torn", "1.0.0", `"run"`)
	s.file("torn/plugin.json", `{"manifest": 1`, 0o644)
	s.plugin("wrong", "1.0.0", `{"`+here+`": {"path": "run", "sha256": "`+strings.Repeat("0", 64)+`"}}`)
	f, left, err := s.Collect(t.Context())
	if err != nil || len(f.Plugins) != 1 || f.Plugins[0].Name != "good" {
		t.Fatalf("got %+v, %v", f, err)
	}
	all, versions := "", map[string]string{}
	for _, l := range left {
		all, versions[l.Name] = all+l.Err.Error()+"\n", l.Version
	}
	if versions["empty"] != "1.0.0" || versions["torn"] != "" {
		t.Errorf("their versions: %v", versions)
	}
	for _, want := range []string{`plugin "empty" cannot be locked: no entry of`, `plugin "torn" cannot be locked`, `plugin "wrong" cannot be locked`, "expected was 000"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s\nlacks %q", all, want)
		}
	}
	if len(left) != 3 {
		t.Errorf("got %d errors: %s", len(left), all)
	}
	s.Folders = append(s.Folders, filepath.Join(s.dir, "nowhere"))
	if _, _, err := s.Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "nowhere: there is no such folder") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestAFileThatIsTornOrOfAnotherVersionOrMissingIsAnError(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	_, err := s.Read()
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "`hotplug lock "+s.dir+"`") {
		t.Errorf("missing: %v", err)
	}
	text := string(s.collect().Text())
	hash := s.collect().Plugins[0].Manifest
	for content, want := range map[string]string{
		"":                             "it is torn, or no lock file",
		text[:len(text)/2]:             "it is torn, or no lock file",
		text + text:                    "it is torn, or no lock file",
		"[]":                           "it is torn, or no lock file",
		"{}":                           `found no key "lock"`,
		`{"lock": 2, "plugins": {}}`:   "it has the version 2, this program knows 1",
		`{"lock": 1}`:                  `found no key "plugins"`,
		`{"lock": 1, "plugins": [{}]}`: "plugins[0]: want name, version",
		`{"lock": 1, "plugin": []}`:    `unknown field "plugin"`,
		`{"lock": 1, "lock": 2}`:       `it has the version 2`,
		strings.Replace(text, `"version":`, `"Name": "two", "version":`, 1):                                                   `line 6: the key "Name" is there twice`,
		strings.Replace(text, `"any": {`, "\"any\": {\"entry\": \"a\", \"sha256\": \"\", \"files\": \"\"},\n\n\"any\": {", 1): `the key "any" is there twice`,
		strings.Replace(text, `"plugins"`, `"plugins": [], "plugins"`, 1):                                                     `line 3: the key "plugins" is there twice`,
		strings.Replace(text, hash, "A", 1):                                                                                   `plugins[0].manifest: found "A", want 64 lower-case hexadecimal digits`,
	} {
		s.file(lockfile.Name, content, 0o644)
		if _, err := s.Read(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "write it anew with `hotplug lock") {
			t.Errorf("%.40q: got %v, want %s", content, err, want)
		}
	}
}

func TestAWriteThatFailsLeavesTheFileAsItWasAndNothingBeside(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	f := s.write()
	s.File = filepath.Join(s.dir, "folder")
	if err := os.MkdirAll(filepath.Join(s.File, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(f); err == nil || !strings.Contains(err.Error(), "write lock file "+s.File) {
		t.Errorf("got %v", err)
	}
	items, err := os.ReadDir(s.dir)
	if err != nil || len(items) != 3 {
		t.Errorf("left are %v, %v", items, err)
	}
	if want := "hotplug lock --file " + s.File + " " + s.dir; s.Command() != want {
		t.Errorf("got %s, want %s", s.Command(), want)
	}
}

func TestTheCommandThatAcceptsIsForAShell(t *testing.T) {
	l := lockfile.Lock{File: "/srv/it's.lock", Folders: []string{"my plugins", "more"}}
	if want := `hotplug lock --file '/srv/it'\''s.lock' 'my plugins' more`; l.Command() != want {
		t.Errorf("got %s, want %s", l.Command(), want)
	}
}

// build is a plugin of which everything hashes to the same.
func build(name, version, hash string) lockfile.Plugin {
	h := strings.Repeat(hash, 64)
	return lockfile.Plugin{Name: name, Version: version, Manifest: h, Platforms: map[string]lockfile.Build{"any": {Entry: "run", SHA256: h, Files: h}}}
}

func TestCompareSaysWhatWasAddedRemovedAndChanged(t *testing.T) {
	old := &lockfile.File{Plugins: []lockfile.Plugin{build("gone", "1.0.0", "1"), build("same", "1.0.0", "1"), build("new", "1.0.0", "1"), build("twice", "1.0.0", "1"), build("twice", "2.0.0", "1")}}
	now := &lockfile.File{Plugins: []lockfile.Plugin{build("new", "1.1.0", "2"), build("same", "1.0.0", "1"), build("twice", "2.0.0", "2"), build("twice", "1.0.0", "1"), build("come", "1.0.0", "1")}}
	var got []string
	for _, c := range lockfile.Compare(old, now) {
		line := fmt.Sprintf("%s %s %s:", c.Kind, c.Name(), c.Version())
		for _, d := range c.Differs {
			line += fmt.Sprintf(" %s %.5s %.5s;", d.What, d.Old, d.New)
		}
		got = append(got, line)
	}
	want := []string{
		"added come 1.0.0:", "removed gone 1.0.0:",
		"changed new 1.1.0: version 1.0.0 1.1.0; manifest 11111 22222; any sha256 11111 22222; any files 11111 22222;",
		"changed twice 2.0.0: manifest 11111 22222; any sha256 11111 22222; any files 11111 22222;",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same := lockfile.Compare(now, now); len(same) != 0 {
		t.Errorf("a file differs from itself: %+v", same)
	}
}

func TestWhatIsInstalledAndCannotBeHashedWasNotRemoved(t *testing.T) {
	s := newShelf(t)
	s.plugin("one", "1.0.0", `"run"`)
	s.plugin("two", "1.0.0", `"run"`)
	before := s.collect()
	before.Plugins = append(before.Plugins, build("one", "0.9.0", "1"))
	for _, file := range []string{"one/run", "two/plugin.json"} {
		if err := os.Remove(filepath.Join(s.dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	s.file("two/plugin.json", "{", 0o644)
	now, left, err := s.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range lockfile.Compare(before, now, left...) {
		got = append(got, fmt.Sprint(c.Kind, " ", c.Name(), " ", c.Version()))
	}
	if want := []string{"removed one 0.9.0", "unlockable one 1.0.0", "unlockable two 1.0.0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
