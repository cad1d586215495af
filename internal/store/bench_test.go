package store_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/store"
)

// large is a tree of 100 files and 10 MiB that has not changed for a while, as far as the store can tell.
func large(b *testing.B) (*store.Store, store.Tree) {
	files := map[string]string{"run*": strings.Repeat("x", 10<<20)}
	for i := range 99 {
		files[fmt.Sprintf("lib/%02d", i)] = fmt.Sprint(i)
	}
	s := open(b)
	s.SetNow(func() time.Time { return time.Now().Add(time.Minute) })
	return s, store.Tree{Root: tree(b, files), Entry: "run"}
}

func BenchmarkPutUnchanged(b *testing.B) {
	s, tr := large(b)
	put(b, s, tr)
	b.ReportAllocs()
	for b.Loop() {
		put(b, s, tr)
	}
}

// BenchmarkStatOfBothTrees is the least that a look at both can cost.
func BenchmarkStatOfBothTrees(b *testing.B) {
	s, tr := large(b)
	c := put(b, s, tr)
	b.ReportAllocs()
	for b.Loop() {
		for _, dir := range []string{tr.Root, c.Dir} {
			_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, _ error) error { _, err := d.Info(); return err })
		}
	}
}

// BenchmarkPutReadingAll is what a new host pays for a copy that is there.
func BenchmarkPutReadingAll(b *testing.B) {
	s, tr := large(b)
	put(b, s, tr)
	b.ReportAllocs()
	for b.Loop() {
		next, err := store.Open(s.Dir())
		if err != nil {
			b.Fatal(err)
		}
		put(b, next, tr)
	}
}
