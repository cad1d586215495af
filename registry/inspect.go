package registry

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/go-hotplug/hotplug/manifest"
)

// Inspect looks at one plugin by itself: its folder, the manifest beside a lone executable, or an executable without one. The
// candidate is Chosen if its manifest and entry are in order; what it requires, and what other plugins there are, does not count.
func Inspect(path string) Candidate {
	path = absolute(path)
	c := look(path, &policy{goos: runtime.GOOS, goarch: runtime.GOARCH})
	if c == nil {
		return Candidate{Entry: Entry{Dir: path}, Status: Ignored, Reason: fmt.Sprintf("%s is neither a folder, nor a manifest, nor an executable", path)}
	}
	c.ground = nil
	if c.Status == "" {
		c.Status = Chosen
	}
	return *c
}

// InspectProgram looks at a program that no manifest need describe, as at a plugin's entry, and starts nothing. The error is why it
// cannot run here, nil if it may; the warnings are about what may keep it from running.
func InspectProgram(path string) (warnings []string, err error) {
	path = absolute(path)
	e := Entry{Dir: filepath.Dir(path), EntryRel: filepath.Base(path), Manifest: manifest.Default()}
	err = e.checkEntry(&policy{goos: runtime.GOOS, goarch: runtime.GOARCH, allowOutside: true})
	return e.Warnings, err
}
