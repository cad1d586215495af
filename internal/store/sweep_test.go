package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/store"
)

// filled is a store with copies 0 to n-1, number i last put i hours before the time that now gives.
func filled(t *testing.T, n int) (s *store.Store, hashes []string) {
	t.Helper()
	s = open(t)
	now := time.Now()
	for i := range n {
		s.SetNow(func() time.Time { return now.Add(-time.Duration(i) * time.Hour) })
		hashes = append(hashes, put(t, s, store.Tree{Root: tree(t, map[string]string{"sub/f": fmt.Sprint(i)})}).Hash)
	}
	s.SetNow(func() time.Time { return now.Add(2 * time.Minute) })
	return s, hashes
}

func TestSweepRemovesByAgeAndCountWhatIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		keep     []int
		maxAge   time.Duration
		maxCount int
		left     []int
	}{
		"no limits":          {nil, -1, -1, []int{0, 1, 2, 3}},
		"age":                {nil, 90 * time.Minute, -1, []int{0, 1}},
		"count":              {nil, -1, 3, []int{0, 1, 2}},
		"both":               {nil, 150 * time.Minute, 1, []int{0}},
		"zero is none":       {nil, 0, 0, nil},
		"kept is kept":       {[]int{3}, 0, 0, []int{3}},
		"kept do not count":  {[]int{0, 1}, -1, 1, []int{0, 1, 2}},
		"zero count, no age": {nil, -1, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, hashes := filled(t, 4)
			keep := func(hash string) bool { return slices.Contains(c.keep, slices.Index(hashes, hash)) }
			removed, err := s.Sweep(keep, c.maxAge, c.maxCount)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, i := range c.left {
				want = append(want, hashes[i])
			}
			slices.Sort(want)
			if got := names(t, s.Dir()); !slices.Equal(got, want) {
				t.Errorf("left %v, want %v", got, want)
			}
			if len(removed) != 4-len(c.left) {
				t.Errorf("removed %v", removed)
			}
		})
	}
}

func TestSweepSparesWhatWasPutAMomentAgo(t *testing.T) {
	s := open(t)
	put(t, s, store.Tree{Root: tree(t, map[string]string{"a": ""})})
	removed, err := s.Sweep(func(string) bool { return false }, 0, 0)
	if err != nil || len(removed) != 0 {
		t.Errorf("removed %v, %v", removed, err)
	}
}

func TestPutMakesACopyYoungAgain(t *testing.T) {
	s := open(t)
	tr := store.Tree{Root: tree(t, map[string]string{"a": ""})}
	now := time.Now()
	s.SetNow(func() time.Time { return now.Add(-time.Hour) })
	put(t, s, tr)
	s.SetNow(func() time.Time { return now })
	put(t, s, tr)
	if removed, err := s.Sweep(func(string) bool { return false }, time.Minute, -1); err != nil || len(removed) != 0 {
		t.Errorf("removed %v, %v", removed, err)
	}
}

func TestSweepRemovesOldRemainsAndNothingOfAnybodyElse(t *testing.T) {
	s := open(t)
	old := time.Now().Add(-2 * time.Hour)
	for name, at := range map[string]time.Time{".new-1": old, ".old-1": old, ".new-2": time.Now(), "mine": old} {
		dir := filepath.Join(s.Dir(), name)
		write(t, filepath.Join(dir, "sub", "f"), "x")
		if err := os.Chtimes(dir, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Sweep(func(string) bool { return false }, 0, 0); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.Dir()); fmt.Sprint(got) != "[.new-2 mine]" {
		t.Errorf("left %v", got)
	}
}
