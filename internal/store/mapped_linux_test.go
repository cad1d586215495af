package store_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/internal/store"
)

// mapped opens a file of a copy for writing, as the plugin that runs from it may do, and dirties its page. Until the page is written back, what is written to
// it moves no time of the file.
func mapped(t *testing.T, path string) []byte {
	t.Helper()
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page, err := unix.Mmap(int(f.Fd()), 0, 3, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(page) })
	page[0] = 'o'
	if err := os.Chmod(path, 0o500); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestACopyThatIsAlteredThroughAMappingIsNoticedByAnExactCheckAndThenMadeAnew(t *testing.T) {
	s := open(t)
	s.SetNow(func() time.Time { return time.Now().Add(time.Minute) }) // so that all digests are remembered
	tr := store.Tree{Root: tree(t, map[string]string{"run*": "one"}), Entry: "run"}
	c := put(t, s, tr)
	page := mapped(t, c.Dir+"/run")
	if err := errors.Join(s.Check(t.Context(), c), s.CheckExactly(t.Context(), c)); err != nil {
		t.Fatalf("unaltered: %v", err)
	}
	copy(page, "ONE")
	if err := s.CheckExactly(t.Context(), c); !errors.Is(err, store.ErrAltered) {
		t.Errorf("altered: %v, want ErrAltered", err)
	}
	if again := put(t, s, tr); again != c || read(t, c.Dir, "run") != "one" {
		t.Errorf("put again: %+v holds %q", again, read(t, c.Dir, "run"))
	}
}
