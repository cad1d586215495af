package registry

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// spots are the folders in which a change may show: for each the names that count, nil for all. Folders are absolute, with
// links resolved.
type spots map[string]map[string]bool

// all makes every name in a folder count.
func (s spots) all(dir string) { s[dir] = nil }

// one makes a name in a folder count.
func (s spots) one(dir, name string) {
	names, there := s[dir]
	if there && names == nil {
		return
	}
	if names == nil {
		names = map[string]bool{}
		s[dir] = names
	}
	names[name] = true
}

func (s spots) merge(other spots) {
	for dir, names := range other {
		if names == nil {
			s.all(dir)
		}
		for name := range maps.Keys(names) {
			s.one(dir, name)
		}
	}
}

// counts reports whether something that happened at a path may have changed what is installed. Of a folder that is not
// known nobody can say that it does not.
func (s spots) counts(path string) bool {
	if _, itself := s[path]; itself {
		return true
	}
	names, known := s[filepath.Dir(path)]
	return !known || names == nil || names[filepath.Base(path)]
}

// maxLinks is how many links a way may have, as on Linux.
const maxLinks = 40

// trail follows a path to where it finally leads, and notes where that may change: the name of each link on the way, of the
// end if a link leads to it, and of what is missing. info is nil if the path leads nowhere.
func (s spots) trail(path string) (end string, info fs.FileInfo) {
	at := filepath.VolumeName(path) + string(filepath.Separator)
	rest := steps(path)
	for links := 0; len(rest) > 0; rest = rest[1:] {
		if rest[0] == ".." { // only of a link, and at has none
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, rest[0])
		var err error
		if info, err = os.Lstat(next); err != nil {
			s.one(at, rest[0])
			return next, nil
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if links > 0 && len(rest) == 1 {
				s.one(at, rest[0])
			}
			at = next
			continue
		}
		s.one(at, rest[0])
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return next, nil
		}
		if filepath.IsAbs(target) {
			at = filepath.VolumeName(target) + string(filepath.Separator)
		}
		rest = append([]string{""}, append(steps(target), rest[1:]...)...)
		info = nil
	}
	if info == nil { // it ends in .. or is the root
		info, _ = os.Lstat(at)
	}
	return at, info
}

// steps are the names of a path, without those that lead nowhere else.
func steps(path string) (names []string) {
	path = path[len(filepath.VolumeName(path)):]
	for name := range strings.FieldsFuncSeq(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }) {
		if name != "." {
			names = append(names, name)
		}
	}
	return names
}
