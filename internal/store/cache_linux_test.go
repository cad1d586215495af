package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/store"
)

// bytesRead is how many bytes this process has read so far, by the kernel's count.
func bytesRead(t *testing.T) (n int64) {
	t.Helper()
	for line := range strings.Lines(read(t, "/proc/self/io")) {
		if value, ok := strings.CutPrefix(line, "rchar: "); ok {
			for _, digit := range strings.TrimSpace(value) {
				n = 10*n + int64(digit-'0')
			}
			return n
		}
	}
	t.Skip("this kernel does not count what is read")
	return 0
}

func TestASecondPutReadsOnlyFilesThatChangedAMomentAgo(t *testing.T) {
	const size = 1 << 20
	for name, c := range map[string]struct {
		after time.Duration // when the first Put seems to come, after the file was written
		reads bool
	}{
		"settled":     {time.Minute, false},
		"just now":    {0, true},
		"clock ahead": {-time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.SetNow(func() time.Time { return time.Now().Add(c.after) })
			tr := store.Tree{Root: tree(t, map[string]string{"run*": strings.Repeat("x", size)})}
			if err := os.Chtimes(tr.Root+"/run", time.Time{}, time.Now().Add(-time.Hour)); err != nil {
				t.Fatal(err) // an old modification time alone proves nothing: the change time is now
			}
			put(t, s, tr)
			before := bytesRead(t)
			put(t, s, tr)
			if n := bytesRead(t) - before; n >= size != c.reads {
				t.Errorf("the second Put read %d bytes of a file of %d; want it to read the file: %v", n, size, c.reads)
			}
		})
	}
}

func TestANextStoreReadsNothingOfWhatWasSaved(t *testing.T) {
	const size = 1 << 20
	tr := store.Tree{Root: tree(t, map[string]string{"run*": strings.Repeat("x", size)}), Entry: "run"}
	_, next, c := saved(t, tr)
	before := bytesRead(t)
	again := put(t, next, tr)
	if n := bytesRead(t) - before; n >= size || again != c {
		t.Errorf("the next store read %d bytes of a file of %d; %+v, want %+v", n, size, again, c)
	}
}
