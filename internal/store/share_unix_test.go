//go:build unix

package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-hotplug/hotplug/internal/store"
)

func TestASharedCopyCanBeReadByAllAndChangedByNobodyElseAndIsNotMadeAnew(t *testing.T) {
	s := open(t)
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "#!/bin/sh\n", "data/text": "x", "link": "->run"}), Entry: "run"}
	c, private := put(t, s, tr), put(t, s, store.Tree{Root: tree(t, map[string]string{"run*": "#!/bin/sh -e\n"}), Entry: "run"})
	before, err := os.Stat(filepath.Join(c.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Share(c); err != nil {
			t.Fatal(err)
		}
		c = put(t, s, tr)
	}
	after, err := os.Stat(filepath.Join(c.Dir, "run"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("it was copied again: %v", err)
	}
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(s.Dir()): 0o711, s.Dir(): 0o711, c.Dir: 0o755, filepath.Join(c.Dir, "run"): 0o555, filepath.Join(c.Dir, "data"): 0o755,
		filepath.Join(c.Dir, "data", "text"): 0o444, private.Dir: 0o700, filepath.Join(private.Dir, "run"): 0o500,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v: %v", path, info.Mode().Perm(), want, err)
		}
	}
	if err := os.Chmod(filepath.Join(c.Dir, "run"), 0o757); err != nil {
		t.Fatal(err)
	}
	c = put(t, s, tr)
	if info, err := os.Stat(filepath.Join(c.Dir, "run")); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("a copy that others may change has mode %v, want a new one: %v", info.Mode().Perm(), err)
	}
}
