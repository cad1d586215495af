package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/store"
)

// open opens a store in a new folder.
func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "state", "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tree writes files into a new folder; a name that ends with * is executable, a content that begins with ->
// is a link.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t testing.TB, path, content string) {
	t.Helper()
	path, exec := strings.CutSuffix(path, "*")
	mode := fs.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if to, ok := strings.CutPrefix(content, "->"); ok && err == nil {
		err = os.Symlink(to, path)
	} else if err == nil {
		err = os.WriteFile(path, []byte(content), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *store.Store, tr store.Tree) store.Copy {
	t.Helper()
	c, err := s.Put(t.Context(), tr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refused checks that a Put fails with a text and leaves the store empty.
func refused(t *testing.T, s *store.Store, tr store.Tree, want string) error {
	t.Helper()
	_, err := s.Put(t.Context(), tr)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v\nwant one that says %q", err, want)
	}
	if left := names(t, s.Dir()); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	return err
}

func names(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t testing.TB, elem ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPutCopiesTheTreeUnderTheHashThatIsDocumented(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{
		"run*": "program", "data/b": "bb", "data-a": "", "link": "->./data/../data/b", "plugin.json": "{}",
		"empty/.keep": "", "sub/plugin.json": "{}",
	})
	c := put(t, s, store.Tree{Root: root, Entry: "./run"})

	sum := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	lines := `"data-a" - 0 ` + sum("") + "\n" +
		`"data/b" - 2 ` + sum("bb") + "\n" +
		`"empty/.keep" - 0 ` + sum("") + "\n" +
		`"link" l 6 ` + sum("data/b") + "\n" +
		`"run" x 7 ` + sum("program") + "\n" +
		`"sub/plugin.json" - 2 ` + sum("{}") + "\n"
	want := store.Copy{Dir: filepath.Join(s.Dir(), sum(lines)), Entry: "run", EntrySHA256: sum("program"), Hash: sum(lines), Files: 6, Bytes: 17}
	if c != want {
		t.Errorf("copy  %+v\nwant %+v", c, want)
	}
	if got := read(t, c.Dir, "link"); got != "bb" {
		t.Errorf("through the link: %q", got)
	}
	if _, err := os.Lstat(filepath.Join(c.Dir, "plugin.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("plugin.json was copied: %v", err)
	}
	if got := names(t, s.Dir()); len(got) != 1 {
		t.Errorf("the store holds %v, want the copy alone", got)
	}
}

func TestSelectPicksWhatIsCopied(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"run*": "x", "notes.txt": "n", "lib/a.so": "a"})
	asked := map[string]bool{}
	c := put(t, s, store.Tree{Root: root, Entry: "run", Select: func(rel string) bool {
		asked[rel] = true
		return rel != "notes.txt"
	}})
	if got := names(t, c.Dir); fmt.Sprint(got) != "[lib run]" || c.Files != 2 {
		t.Errorf("copied %v, %d files", got, c.Files)
	}
	if len(asked) != 3 || !asked["lib/a.so"] {
		t.Errorf("asked about %v", asked)
	}
}

func TestALoneFileIsATreeOfItself(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"x*": "program", "y": "another"})
	c := put(t, s, store.Tree{Root: filepath.Join(root, "x")})
	if got := names(t, c.Dir); fmt.Sprint(got) != "[x]" || c.Entry != "x" {
		t.Errorf("copied %v, entry %q", got, c.Entry)
	}
}

func TestPutFollowsALinkToTheWholeTree(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"v1/run*": "x", "v1/l": "->run", "current": "->v1"})
	a := put(t, s, store.Tree{Root: filepath.Join(root, "current"), Entry: "run"})
	if b := put(t, s, store.Tree{Root: filepath.Join(root, "v1"), Entry: "run"}); a != b {
		t.Errorf("through the link %+v, without %+v", a, b)
	}
}

func TestTheHashTellsContentNameModeAndLinkApart(t *testing.T) {
	s := open(t)
	seen := map[string]string{}
	for name, files := range map[string]map[string]string{
		"plain":      {"a": "1", "b": "1"},
		"content":    {"a": "2", "b": "1"},
		"name":       {"a": "1", "c": "1"},
		"executable": {"a*": "1", "b": "1"},
		"link":       {"a": "1", "b": "->a"},
		"more":       {"a": "1", "b": "1", "c": ""},
		"newline":    {"a\" - 1": "1", "b": "1"},
	} {
		c := put(t, s, store.Tree{Root: tree(t, files)})
		if other, ok := seen[c.Hash]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[c.Hash] = name
	}
}

func TestThisHashAndThatContentAreTheSameForTwoFolders(t *testing.T) {
	s := open(t)
	files := map[string]string{"run*": "x", "abs": ""}
	a, b := tree(t, files), tree(t, files)
	for _, dir := range []string{a, b} { // an absolute link inside is made relative
		if err := os.Symlink(filepath.Join(dir, "run"), filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
	}
	if x, y := put(t, s, store.Tree{Root: a}), put(t, s, store.Tree{Root: b}); x != y {
		t.Errorf("%+v and %+v", x, y)
	}
}

func TestOpenRefusesAFolderThatOthersMayWriteTo(t *testing.T) {
	for _, mode := range []fs.FileMode{0o770, 0o707, 0o777} {
		dir := filepath.Join(t.TempDir(), "s")
		if err := errors.Join(os.Mkdir(dir, mode), os.Chmod(dir, mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 0700 "+dir) {
			t.Errorf("mode %v: err = %v", mode, err)
		}
	}
}

func TestOpenRefusesWhatIsNotAFolder(t *testing.T) {
	dir := tree(t, map[string]string{"file": "", "d/x": "", "link": "->d"})
	for name, want := range map[string]string{"file": "is a file, a folder is needed there", "link": "is a link, a folder is needed there"} {
		if _, err := store.Open(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v, want %q", name, err, want)
		}
	}
}

func TestOpenMakesAFolderForThisUserAlone(t *testing.T) {
	s := open(t)
	if fi, err := os.Stat(s.Dir()); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
}

func TestAnEntryMayLeadOverAFolderThatIsALink(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"v1/run*": "one", "v2/run*": "two", "current": "->v2"})
	c := put(t, s, store.Tree{Root: root, Entry: "current/run"})
	if got := read(t, c.Dir, c.Entry); got != "two" || c.EntrySHA256 == "" {
		t.Errorf("%+v runs %q", c, got)
	}
	for _, entry := range []string{"current/absent", "v1/run/below"} {
		if _, err := s.Put(t.Context(), store.Tree{Root: root, Entry: entry}); err == nil || !strings.Contains(err.Error(), "is not a file of the tree") {
			t.Errorf("%s: %v", entry, err)
		}
	}
}
