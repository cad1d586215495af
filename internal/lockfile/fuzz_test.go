package lockfile_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/internal/lockfile"
)

// Whatever the bytes are, they are refused, or mean what is written for them.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := lockfile.Parse(text)
		if err != nil {
			return
		}
		again, err := lockfile.Parse(read.Text())
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if changes := lockfile.Compare(read, again); len(changes) > 0 {
			t.Errorf("what was written is another lock: %+v", changes)
		}
		if string(again.Text()) != string(read.Text()) {
			t.Error("what is read again is written otherwise")
		}
	})
}
