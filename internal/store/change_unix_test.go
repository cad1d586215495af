//go:build unix

package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/store"
)

func TestReplacingRewritingOrDeletingTheSourceDoesNotTouchTheCopy(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"run*": "one", "data": "one"})
	c := put(t, s, store.Tree{Root: root, Entry: "run"})
	write(t, filepath.Join(root, "run*"), "two") // in place
	if err := os.Remove(filepath.Join(root, "data")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c.Dir, "run") + read(t, c.Dir, "data"); got != "oneone" {
		t.Errorf("the copy holds %q", got)
	}
	if d := put(t, s, store.Tree{Root: root, Entry: "run"}); d.Hash == c.Hash || read(t, d.Dir, "run") != "two" {
		t.Errorf("the new state: %+v", d)
	}
}

func TestCopiesMayBeReadAndExecutedButNotWritten(t *testing.T) {
	c := put(t, open(t), store.Tree{Root: tree(t, map[string]string{"run*": "", "sub/data": ""})})
	for name, want := range map[string]os.FileMode{"run": 0o500, "sub/data": 0o400, "sub": 0o700 | os.ModeDir, ".": 0o700 | os.ModeDir} {
		if fi, err := os.Lstat(filepath.Join(c.Dir, name)); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, fi.Mode(), err, want)
		}
	}
}

// alterations are what may happen to a copy in the store.
var alterations = map[string]func(dir string) error{
	"rewritten in place, same size": func(dir string) error {
		return errors.Join(os.Chmod(dir+"/run", 0o700), os.WriteFile(dir+"/run", []byte("ONE"), 0o700), os.Chmod(dir+"/run", 0o500))
	},
	"and with its old times": func(dir string) error {
		fi, err := os.Stat(dir + "/run")
		return errors.Join(err, os.Chmod(dir+"/run", 0o700), os.WriteFile(dir+"/run", []byte("ONE"), 0o700),
			os.Chmod(dir+"/run", 0o500), os.Chtimes(dir+"/run", fi.ModTime(), fi.ModTime()))
	},
	"replaced": func(dir string) error {
		return errors.Join(os.Remove(dir+"/run"), os.WriteFile(dir+"/run", []byte("ONE"), 0o500))
	},
	"mode changed":  func(dir string) error { return os.Chmod(dir+"/run", 0o700) },
	"file removed":  func(dir string) error { return os.Remove(dir + "/data") },
	"file added":    func(dir string) error { return os.WriteFile(dir+"/more", nil, 0o400) },
	"link turned":   func(dir string) error { return errors.Join(os.Remove(dir+"/link"), os.Symlink("data", dir+"/link")) },
	"file to link":  func(dir string) error { return errors.Join(os.Remove(dir+"/data"), os.Symlink("run", dir+"/data")) },
	"all gone":      os.RemoveAll,
	"a file itself": func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) },
}

func TestAnAlteredCopyIsNoticedAndMadeAnew(t *testing.T) {
	for name, alter := range alterations {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			tr := store.Tree{Root: tree(t, map[string]string{"run*": "one", "data": "one", "link": "->run"}), Entry: "run"}
			c := put(t, s, tr)
			if err := alter(c.Dir); err != nil {
				t.Fatal(err)
			}
			made := 0
			s.SetCopied(func(string) { made++ })
			if again := put(t, s, tr); again != c || made != 2 {
				t.Errorf("put again: %+v, %d files copied; want %+v, 2", again, made, c)
			}
			if got := read(t, c.Dir, "run") + read(t, c.Dir, "data") + read(t, c.Dir, "link"); got != "oneoneone" {
				t.Errorf("the copy holds %q", got)
			}
			if got := names(t, s.Dir()); len(got) != 1 {
				t.Errorf("the store holds %v", got)
			}
		})
	}
}

func TestAnIntactCopyIsReusedByThisAndByTheNextStore(t *testing.T) {
	s := open(t)
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one"})}
	c := put(t, s, tr)
	next, err := store.Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*store.Store{"this": s, "next": next} {
		s.SetCopied(func(rel string) { t.Errorf("%s store copied %s again", name, rel) })
		if again := put(t, s, tr); again != c {
			t.Errorf("%s store: %+v, want %+v", name, again, c)
		}
	}
}

func TestFilesThatKeepChangingAreAnErrorAndLeaveNothing(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, root string){
		"the file":    func(t *testing.T, root string) { write(t, root+"/b", time.Now().String()) },
		"one before":  func(t *testing.T, root string) { write(t, root+"/a", time.Now().String()) },
		"a new file":  func(t *testing.T, root string) { write(t, root+"/z"+time.Now().Format(".000000000"), "") },
		"only a mode": func(t *testing.T, root string) { toggle(t, root+"/a") },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			root := tree(t, map[string]string{"a": "1", "b": "2"})
			tries := 0
			s.SetCopied(func(rel string) {
				if rel == "b" {
					tries++
					change(t, root)
				}
			})
			_, err := s.Put(t.Context(), store.Tree{Root: root})
			if !errors.Is(err, store.ErrChanged) || !strings.Contains(err.Error(), root) {
				t.Errorf("err = %v, want ErrChanged", err)
			}
			if tries != 4 {
				t.Errorf("%d tries, want 4", tries)
			}
			if left := names(t, s.Dir()); len(left) > 0 {
				t.Errorf("left in the store: %v", left)
			}
		})
	}
}

func toggle(t *testing.T, path string) {
	fi, err := os.Stat(path)
	if err == nil {
		err = os.Chmod(path, fi.Mode().Perm()^0o100)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestFilesThatChangeOnceAreCopiedAsTheyAreAfterwards(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"a": "old", "b": "2"})
	var once sync.Once
	s.SetCopied(func(string) { once.Do(func() { write(t, root+"/a", "new") }) })
	if c := put(t, s, store.Tree{Root: root}); read(t, c.Dir, "a") != "new" {
		t.Errorf("the copy holds %q", read(t, c.Dir, "a"))
	}
}

func TestPutsOfOneTreeAtOnceAllSucceed(t *testing.T) {
	s := open(t)
	other, err := store.Open(s.Dir()) // as another host would
	if err != nil {
		t.Fatal(err)
	}
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one", "sub/data": "two"}), Entry: "run"}
	copies := make([]store.Copy, 16)
	var group sync.WaitGroup
	for i := range copies {
		group.Go(func() { copies[i], _ = []*store.Store{s, other}[i%2].Put(t.Context(), tr) })
	}
	group.Wait()
	for i, c := range copies {
		if c != copies[0] || c.Hash == "" {
			t.Errorf("put %d: %+v, want %+v", i, c, copies[0])
		}
	}
	if got := names(t, s.Dir()); len(got) != 1 {
		t.Errorf("the store holds %v, want one copy", got)
	}
}

func TestATreeThatChangesWhileItsCopyIsReusedIsLookedAtAgain(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"a": "1"})
	before := put(t, s, store.Tree{Root: root})
	looks := 0
	after := put(t, s, store.Tree{Root: root, Select: func(rel string) bool {
		if looks++; looks == 2 { // after a, which was written just now, was read again
			write(t, root+"/a", "2")
		}
		return true
	}})
	if after.Hash == before.Hash || read(t, after.Dir, "a") != "2" {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestOfTwoPutsAtOnceTheSlowerKeepsTheCopyOfTheFaster(t *testing.T) {
	slow := open(t)
	fast, err := store.Open(slow.Dir())
	if err != nil {
		t.Fatal(err)
	}
	tr := store.Tree{Root: tree(t, map[string]string{"a": "1"})}
	var first os.FileInfo
	slow.SetCopied(func(string) {
		if first, err = os.Stat(filepath.Join(put(t, fast, tr).Dir, "a")); err != nil {
			t.Error(err)
		}
	})
	c := put(t, slow, tr)
	if fi, err := os.Stat(filepath.Join(c.Dir, "a")); err != nil || !os.SameFile(fi, first) {
		t.Errorf("the copy was replaced: %v", err)
	}
	if got := names(t, slow.Dir()); len(got) != 1 {
		t.Errorf("the store holds %v", got)
	}
}

func TestADigestIsCheckedAgainstWhatIsCopied(t *testing.T) {
	s := open(t)
	root := tree(t, map[string]string{"a": "1"})
	if err := s.Misremember(root + "/a"); err != nil {
		t.Fatal(err)
	}
	want := put(t, open(t), store.Tree{Root: root}).Hash
	if c := put(t, s, store.Tree{Root: root}); c.Hash != want {
		t.Errorf("hash %s, want %s", c.Hash, want)
	}
}

func TestACopyIsCheckedBeforeItIsRunAgain(t *testing.T) {
	for name, alter := range alterations {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			tr := store.Tree{Root: tree(t, map[string]string{"run*": "one", "data": "one", "link": "->run"}), Entry: "run"}
			c := put(t, s, tr)
			next, err := store.Open(s.Dir())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []*store.Store{s, next} {
				if err := errors.Join(s.Check(t.Context(), c), s.CheckExactly(t.Context(), c)); err != nil {
					t.Errorf("unaltered: %v", err)
				}
			}
			if err := alter(c.Dir); err != nil {
				t.Fatal(err)
			}
			own := name == "file added" // as a program may do that caches what it has compiled
			if err := s.Check(t.Context(), c); errors.Is(err, store.ErrAltered) == own {
				t.Errorf("the store that has put it: %v", err)
			}
			if err := s.CheckExactly(t.Context(), c); !errors.Is(err, store.ErrAltered) {
				t.Errorf("exactly: %v", err)
			}
			if err := next.Check(t.Context(), c); !errors.Is(err, store.ErrAltered) && name != "mode changed" {
				t.Errorf("the next store: %v", err)
			}
		})
	}
}

func TestAStoreWhoseFolderWasRemovedIsMadeAgain(t *testing.T) {
	s := open(t)
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one"}), Entry: "run"}
	c := put(t, s, tr)
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), c); !errors.Is(err, store.ErrAltered) {
		t.Errorf("a copy that is gone: %v", err)
	}
	if again := put(t, s, tr); again != c || read(t, c.Dir, "run") != "one" {
		t.Errorf("%+v, want %+v", again, c)
	}
	if fi, err := os.Stat(s.Dir()); err != nil || fi.Mode() != os.ModeDir|0o700 {
		t.Errorf("%v, %v", fi, err)
	}
}
