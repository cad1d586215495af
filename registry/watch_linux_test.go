package registry_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/registry"
)

// needLeases skips a test where the temporary folder's file system has no leases.
func needLeases(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if f, err = os.Open(f.Name()); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		t.Skipf("no leases here: %v", err)
	}
}

// appendTo opens a file of the shelf for appending.
func (s *shelf) appendTo(rel string) *os.File {
	s.t.Helper()
	f, err := os.OpenFile(s.path(rel), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func TestAFileThatIsOpenForWritingIsWaitedForHoweverLongItsWriterPauses(t *testing.T) {
	needLeases(t)
	bubble(t, func(l *lookout) {
		l.start("added a")
		f := l.appendTo("one/a/" + entryName())
		for range 3 {
			_, _ = f.WriteString("# more\n")
			l.src.hint()
			l.after(10 * time.Second)
		}
		warned := l.warned()
		if len(warned) != 1 {
			t.Fatalf("%d warnings, want one: %q", len(warned), warned)
		}
		contains(t, warned[0], "does not come to rest", "is open for writing", "close it")
		f.Close() // which gives no hint
		l.after(3*time.Second, "changed a")
	})
}

func TestThatAFileIsOpenHoldsNobodyElseUpAndIsNoChange(t *testing.T) {
	needLeases(t)
	bubble(t, func(l *lookout) {
		l.plugin("one/b", "b", "1.0.0")
		l.start("added a, added b")
		f := l.appendTo("one/a/" + entryName())
		defer f.Close()
		l.plugin("one/b", "b", "1.1.0")
		l.src.hint()
		l.after(time.Second, "changed b")
		_, _ = f.WriteString("# more\n")
		l.plugin("one/b", "b", "1.2.0")
		l.src.hint()
		l.after(time.Second, "changed b")
	})
}

func TestTheKernelTellsWhetherAFileIsBeingWritten(t *testing.T) {
	needLeases(t)
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	if got := registry.Probe(s.path("one/a/" + entryName())); got != "nobody writes" {
		t.Errorf("of a file at rest: %s", got)
	}
	f := s.appendTo("one/a/" + entryName())
	defer f.Close()
	if got := registry.Probe(s.path("one/a/" + entryName())); got != "somebody writes" {
		t.Errorf("of a file that is open: %s", got)
	}
	for _, path := range []string{"/dev/null", s.path("one")} {
		if got := registry.Probe(path); got != "nobody knows" {
			t.Errorf("of %s: %s", path, got)
		}
	}
}

func TestAWatchLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	s := newShelf(t, 1)
	s.plugin("one/a", "a", "1.0.0")
	first := watching(s)
	first.stop()
	before := count()
	for range 20 {
		w := watching(s)
		s.plugin("one/a", "a", "1.0.0")
		w.stop()
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// A writer that pauses has its file open all the while, so that no pause is too long for it.
func TestASlowWriterMakesOneChange(t *testing.T) {
	needLeases(t)
	for _, pause := range []time.Duration{20 * ms, 200 * ms} {
		t.Run(pause.String(), func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, 1)
			s.plugin("one/a", "a", "1.0.0")
			w := watching(s)
			f, err := os.OpenFile(s.path("one/a/"+entryName()), os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.WriteString(entryBody)
			for range 5 {
				time.Sleep(pause) // part of what is written, not a wait
				_, _ = f.WriteString("# more\n")
			}
			f.Close()
			w.settles()
			if got := strings.Join(w.brought, "; "); got != "added a; changed a" {
				t.Errorf("got %s", got)
			}
		})
	}
}
