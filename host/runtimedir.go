package host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
)

// runtimeDir is the host's folder of sockets: mode 0700, made by Open and removed by Close.
type runtimeDir struct {
	path string
	last atomic.Uint64
}

// openRuntimeDir makes a fresh folder in parent.
func openRuntimeDir(parent string) (*runtimeDir, error) {
	if parent == "" {
		parent = os.Getenv("XDG_RUNTIME_DIR")
		if parent == "" || checkRuntimeParent(parent) != nil {
			parent = os.TempDir()
		}
	}
	if err := checkRuntimeParent(parent); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(parent)
	if err != nil {
		return nil, fmt.Errorf("runtime folder %s: %w", parent, err)
	}
	path, err := os.MkdirTemp(abs, "hotplug-")
	if err != nil {
		return nil, fmt.Errorf("runtime folder %s: %w: set RuntimeDir to a folder that this user can write to", parent, err)
	}
	d := &runtimeDir{path: path}
	if err := checkSocketPath(d.longest()); err != nil {
		d.remove()
		return nil, err
	}
	return d, nil
}

// longest is as long as any socket path of this folder gets.
func (d *runtimeDir) longest() string { return filepath.Join(d.path, "zzzzzz") }

// socket returns a path that no other instance of this host has.
func (d *runtimeDir) socket() string {
	return filepath.Join(d.path, strconv.FormatUint(d.last.Add(1), 36))
}

func (d *runtimeDir) remove() error { return os.RemoveAll(d.path) }

// socketPathLimit is the longest path of a Unix socket in bytes, without its final zero byte.
func socketPathLimit() int {
	switch runtime.GOOS {
	case "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
		return 103
	}
	return 107
}

func checkSocketPath(path string) error {
	if limit := socketPathLimit(); len(path) > limit {
		return fmt.Errorf("socket path %s is %d bytes long, %s allows %d: set RuntimeDir to a shorter folder", path, len(path), runtime.GOOS, limit)
	}
	return nil
}
