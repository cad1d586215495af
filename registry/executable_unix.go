//go:build !windows

package registry

import (
	"io/fs"

	"github.com/go-hotplug/hotplug/internal/shellwords"
)

// looksExecutable reports whether the file has an execute bit.
func looksExecutable(_ string, info fs.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func executableHint(path string) string { return "run `" + shellwords.Line("chmod", "+x", path) + "`" }
