package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// runtimeDir is the host's folder of sockets: mode 0700, made by Open and removed by Close. If somebody removes it meanwhile, as what tidies up /tmp may,
// the next socket makes it again.
type runtimeDir struct {
	path string
	last atomic.Uint64

	mu   sync.Mutex // guards lock
	lock *os.File   // held while the host lives: whoever gets it finds a folder that nobody needs; nil where there are no such locks
}

// runtimePrefix begins the names of runtime folders.
const runtimePrefix = "hotplug-"

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
	sweepRuntimeDirs(abs)
	path, err := os.MkdirTemp(abs, runtimePrefix)
	if err != nil {
		return nil, fmt.Errorf("runtime folder %s: %w: set RuntimeDir to a folder that this user can write to", parent, err)
	}
	d := &runtimeDir{path: path}
	if d.lock, err = lockDir(path); err != nil {
		d.remove()
		return nil, fmt.Errorf("runtime folder %s: %w", path, err)
	}
	if err := checkSocketPath(d.longest()); err != nil {
		d.remove()
		return nil, err
	}
	return d, nil
}

// longest is as long as any socket path of this folder gets.
func (d *runtimeDir) longest() string { return filepath.Join(d.path, "zzzzzz") }

// socket returns a path that no other instance of this host has.
func (d *runtimeDir) socket() (string, error) {
	if err := d.restore(); err != nil {
		return "", fmt.Errorf("runtime folder %s: it was removed and cannot be made again: %w", d.path, err)
	}
	return filepath.Join(d.path, strconv.FormatUint(d.last.Add(1), 36)), nil
}

// restore makes the folder again if it is gone, and sees to it that nobody else has.
func (d *runtimeDir) restore() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, gone := os.Lstat(d.path)
	if err := os.MkdirAll(d.parent(), 0o700); err != nil {
		return err
	}
	if err := makePrivate(d.path); err != nil || gone == nil {
		return err
	}
	if d.lock != nil {
		d.lock.Close()
	}
	var err error
	d.lock, err = lockDir(d.path)
	return err
}

// parent is where the folder was made.
func (d *runtimeDir) parent() string { return filepath.Dir(d.path) }

// keptSockets is the folder for sockets of processes that outlive a host: one for each state folder. It is made when it is needed.
func keptSockets(parent, state string) (string, error) {
	abs, err := filepath.Abs(state)
	if err != nil {
		return "", fmt.Errorf("state folder %s: %w", state, err)
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(parent, "hotplugk-"+hex.EncodeToString(sum[:4])), nil
}

// makePrivate makes a folder that nobody else may enter, or sees to it that it is one.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err == nil && (!info.IsDir() || !ours(info)) {
		err = fmt.Errorf("folder of sockets %s is not this user's alone: remove it, or set RuntimeDir to another folder", dir)
	}
	return err
}

func (d *runtimeDir) remove() error {
	err := os.RemoveAll(d.path)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock != nil {
		d.lock.Close()
	}
	return err
}

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
