//go:build unix

package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/store"
)

// later has a store think that all files have settled.
func later(s *store.Store) *store.Store {
	s.SetNow(func() time.Time { return time.Now().Add(time.Minute) })
	return s
}

// saved is a store whose digests of a tree were saved, and the next one of its folder.
func saved(t *testing.T, tr store.Tree) (s, next *store.Store, c store.Copy) {
	t.Helper()
	s = later(open(t))
	c = put(t, s, tr)
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	return s, reopened(t, s), c
}

func reopened(t *testing.T, s *store.Store) *store.Store {
	t.Helper()
	next, err := store.Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return later(next)
}

func TestANextStoreNoticesAnAlteredCopyThoughDigestsWereSaved(t *testing.T) {
	for name, alter := range alterations {
		t.Run(name, func(t *testing.T) {
			tr := store.Tree{Root: tree(t, map[string]string{"run*": "one", "data": "one", "link": "->run"}), Entry: "run"}
			_, next, c := saved(t, tr)
			if err := alter(c.Dir); err != nil {
				t.Fatal(err)
			}
			made := 0
			next.SetCopied(func(string) { made++ })
			if again := put(t, next, tr); again != c || made != 2 {
				t.Errorf("put again: %+v, %d files copied; want %+v, 2", again, made, c)
			}
		})
	}
}

func TestANextStoreNoticesAChangedTreeThoughDigestsWereSaved(t *testing.T) {
	root := tree(t, map[string]string{"run*": "one"})
	_, next, before := saved(t, store.Tree{Root: root})
	write(t, filepath.Join(root, "run*"), "two")
	if c := put(t, next, store.Tree{Root: root}); c.Hash == before.Hash || read(t, c.Dir, "run") != "two" {
		t.Errorf("before %+v, after %+v", before, c)
	}
}

func TestWhatIsDamagedOfSavedDigestsDoesNotCount(t *testing.T) {
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one", "data": "two"}), Entry: "run"}
	s, _, c := saved(t, tr)
	file := filepath.Join(s.Dir(), store.DigestsName)
	whole := read(t, file)
	for i := range len(whole) {
		for _, damaged := range []string{whole[:i], whole[:i] + string(whole[i]^1) + whole[i+1:]} {
			if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			if known := reopened(t, s).Known(); known != 0 {
				t.Fatalf("of a file that is damaged at byte %d of %d, %d digests count", i, len(whole), known)
			}
		}
	}
	if again := put(t, reopened(t, s), tr); again != c {
		t.Errorf("%+v, want %+v", again, c)
	}
}

func TestAPipeInPlaceOfSavedDigestsKeepsNobodyWaitingThoughItHasAWriter(t *testing.T) {
	s := open(t)
	path := filepath.Join(s.Dir(), store.DigestsName)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if known := reopened(t, s).Known(); known != 0 {
		t.Errorf("%d digests count", known)
	}
}

func TestOnlyWhatHasSettledIsSaved(t *testing.T) {
	s := open(t)
	put(t, s, store.Tree{Root: tree(t, map[string]string{"run*": "one"})})
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	if known := reopened(t, s).Known(); known != 0 {
		t.Errorf("%d digests of files that changed just now were saved", known)
	}
	later(s)
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	if known := reopened(t, s).Known(); known != 1 {
		t.Errorf("%d digests were saved a minute later, want 1: of the copy", known)
	}
}

func TestSavingWhatIsNotNewWritesNothing(t *testing.T) {
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one"})}
	_, next, _ := saved(t, tr)
	put(t, next, tr)
	file := filepath.Join(next.Dir(), store.DigestsName)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := next.Save(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was written again: %v", err)
	}
}

func TestASaveThatFailsSaysWhereAndLeavesNothing(t *testing.T) {
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one"})}
	s := later(open(t))
	put(t, s, tr)
	if err := os.MkdirAll(filepath.Join(s.Dir(), store.DigestsName, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(); err == nil || !strings.Contains(err.Error(), s.Dir()) {
		t.Errorf("err = %v, want one that names the folder", err)
	}
	if got := names(t, s.Dir()); len(got) != 2 {
		t.Errorf("the store holds %v, want the copy and what was in the way", got)
	}
	if err := os.RemoveAll(filepath.Join(s.Dir(), store.DigestsName)); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(); err != nil || reopened(t, s).Known() == 0 {
		t.Errorf("the next Save: %v", err)
	}
}

func TestSweepLeavesSavedDigestsAlone(t *testing.T) {
	s, _, _ := saved(t, store.Tree{Root: tree(t, map[string]string{"run*": "one"})})
	if _, err := s.Sweep(func(string) bool { return false }, 0, 0); err != nil {
		t.Fatal(err)
	}
	if reopened(t, s).Known() == 0 {
		t.Error("they are gone")
	}
}
