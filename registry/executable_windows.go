package registry

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// looksExecutable goes by the file's extension, as Windows does.
func looksExecutable(path string, info fs.FileInfo) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".exe", ".com", ".bat", ".cmd":
		return info.Mode().IsRegular()
	}
	return false
}

func executableHint(string) string { return "want a file that ends in .exe, .com, .bat or .cmd" }
