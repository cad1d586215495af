package manifest

import (
	"path"
	"strings"
)

// maxGlob is the longest glob, in bytes.
const maxGlob = 1024

// Selects reports whether a path belongs to the plugin by its "files": a path relative to the plugin's folder, with
// slashes. The manifest itself never does. The entry belongs to the plugin whatever "files" says.
//
// In a glob, * and ? match within one name, [a-z] one character of a set, and ** as a whole name any number of folders.
func (m *Manifest) Selects(file string) bool {
	if file == FileName {
		return false
	}
	parts := strings.Split(path.Clean(file), "/")
	for _, glob := range m.Files {
		if matchParts(strings.Split(path.Clean(glob), "/"), parts) {
			return true
		}
	}
	return false
}

// matchParts walks the glob with the set of positions in the path that it may have reached, so that no glob takes more
// than its length times the path's length.
func matchParts(glob, parts []string) bool {
	reached := make([]bool, len(parts)+1)
	reached[0] = true
	for _, g := range glob {
		reached = step(g, parts, reached)
	}
	return reached[len(parts)]
}

// step is the positions reached after one more part of the glob.
func step(g string, parts []string, from []bool) []bool {
	to := make([]bool, len(from))
	for i, ok := range from {
		if g == "**" {
			to[i] = ok || (i > 0 && to[i-1])
			continue
		}
		if ok && i < len(parts) {
			to[i+1], _ = path.Match(g, parts[i])
		}
	}
	return to
}

// isGlob reports whether a glob is one that Selects understands and that stays inside the folder.
func isGlob(text string) bool {
	if len(text) > maxGlob || strings.ContainsAny(text, "{}") || strings.HasPrefix(text, "!") || !isInside(text) {
		return false
	}
	for part := range strings.SplitSeq(text, "/") {
		if strings.Contains(part, "**") && part != "**" {
			return false
		}
		if _, err := path.Match(part, "x"); err != nil {
			return false
		}
	}
	return true
}

// SelectsBelow reports whether a path below a folder may be selected by "files": for walks that pass over the folders in
// which nothing belongs to the plugin. The folder is relative to the plugin's, with slashes; "." is that itself.
func (m *Manifest) SelectsBelow(folder string) bool {
	parts := strings.Split(path.Clean(folder), "/")
	if parts[0] == "." {
		return len(m.Files) > 0
	}
	for _, glob := range m.Files {
		if matchBelow(strings.Split(path.Clean(glob), "/"), parts) {
			return true
		}
	}
	return false
}

// matchBelow reports whether a glob can match something below a path: whether a part of the glob is left, or ** is its last.
func matchBelow(glob, parts []string) bool {
	reached := make([]bool, len(parts)+1)
	reached[0] = true
	for _, g := range glob {
		if reached[len(parts)] {
			return true
		}
		reached = step(g, parts, reached)
	}
	return reached[len(parts)] && glob[len(glob)-1] == "**"
}
