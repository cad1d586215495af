package store_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/store"
)

// FuzzDigests: whatever the lines of a file of digests are, reading it ends, and it has no more digests than lines.
func FuzzDigests(f *testing.F) {
	f.Add([]byte("64768 1234 4096 1700000000000000000 1700000000000000001 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"))
	f.Add([]byte("1 2 3\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, lines []byte) {
		n := 1
		for _, b := range lines {
			if b == '\n' {
				n++
			}
		}
		if got := store.ParseDigests(store.SealDigests(lines)); got > n {
			t.Errorf("%d digests in %d lines", got, n)
		}
		store.ParseDigests(lines)
	})
}
