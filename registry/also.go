package registry

import (
	"fmt"
	"path/filepath"

	"github.com/go-hotplug/hotplug/internal/filekey"
)

// alsoFolder is the folder of files that are no plugin's, and of which Watch tells when they change.
const alsoFolder = -1

// lookAlso is such a file, in the form in which the quiet logic takes plugins, and notes where it may change; nil if it is not there.
func lookAlso(path string, s spots) *Candidate {
	end, info := s.trail(path)
	s.one(filepath.Dir(end), filepath.Base(end))
	if info == nil {
		return nil
	}
	g := &ground{item: path, mark: fmt.Sprint(end, info.Mode(), filekey.Of(info))}
	if info.Mode().IsRegular() {
		g.files = []string{end}
	}
	return &Candidate{Entry: Entry{Name: filepath.Base(path), ground: g}, Status: Ignored}
}
