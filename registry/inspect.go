package registry

import (
	"fmt"
	"runtime"
)

// Inspect looks at one plugin by itself: its folder, the manifest beside a lone executable, or an executable without one. The
// candidate is Chosen if its manifest and entry are in order; what it requires, and what other plugins there are, does not count.
func Inspect(path string) Candidate {
	path = absolute(path)
	c := look(path, &policy{goos: runtime.GOOS, goarch: runtime.GOARCH})
	if c == nil {
		return Candidate{Entry: Entry{Dir: path}, Status: Ignored, Reason: fmt.Sprintf("%s is neither a folder, nor a manifest, nor an executable", path)}
	}
	if c.Status == "" {
		c.Status = Chosen
	}
	return *c
}
