//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// bytesRead is how many bytes this process has read so far, by the kernel's count.
func bytesRead(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("this kernel does not count what is read")
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAHostReadsNoProgramThatAnEarlierOneHasRead(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	s.install("counter", "counter", nil)
	info, err := os.Stat(filepath.Join(binaries, "crasher"))
	if err != nil {
		t.Fatal(err)
	}
	var read int64
	for range 20 { // a program that was installed a moment ago, and its copy, are read again
		before := bytesRead(t)
		h := s.openAsIs()
		read = bytesRead(t) - before
		s.goesOn(h)
		s.close(h)
		if read < info.Size() {
			return
		}
	}
	t.Errorf("the last of 20 hosts has read %d bytes before it was open, its plugin has %d", read, info.Size())
}
