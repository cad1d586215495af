package registry_test

import (
	"runtime"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

// follow has a source watch the folder one of a shelf.
func follow(t *testing.T, s *shelf, src registry.Source, wantFresh bool, when string) {
	t.Helper()
	fresh, deaf := src.Follow(registry.Spots{s.path("one"): nil})
	if fresh != wantFresh || len(deaf) != 0 {
		t.Errorf("%s: fresh %v, want %v; deaf %v", when, fresh, wantFresh, deaf)
	}
}

func TestTheSystemsSourceSaysWhichFoldersWereNotWatchedBefore(t *testing.T) {
	s := newShelf(t, 1)
	src, err := registry.NewNotifier(&lookout{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	follow(t, s, src, true, "at first")
	follow(t, s, src, false, "again")
	s.remove("one")
	follow(t, s, src, true, "gone")
	s.mkdir("one")
	follow(t, s, src, true, "made again")
	follow(t, s, src, false, "once more")
	s.write("one/x", "", 0o644)
	<-src.Hints()
}

func TestAFolderThatTookAnothersPlaceUnseenIsWatched(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder that is watched cannot be moved")
	}
	s := newShelf(t, 0)
	s.mkdir("parent/one")
	src, err := registry.NewNotifier(&lookout{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	spots := registry.Spots{s.path("parent/one"): nil}
	if fresh, _ := src.Follow(spots); !fresh {
		t.Error("not fresh at first")
	}
	s.rename("parent", "away") // of which no event tells
	s.mkdir("parent/one")
	if fresh, _ := src.Follow(spots); !fresh {
		t.Error("the other folder is not fresh")
	}
	s.write("parent/one/x", "", 0o644)
	<-src.Hints()
}
