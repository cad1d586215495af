//go:build unix

package host

import (
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/internal/regular"
)

const lockName = "lock"

// lockDir takes the lock of a folder without waiting. The lock ends with the process, however it ends.
func lockDir(dir string) (*os.File, error) {
	return openLock(dir, os.O_CREATE|os.O_RDWR)
}

func openLock(dir string, flags int) (*os.File, error) {
	f, err := regular.Open(filepath.Join(dir, lockName), flags|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// youngest is how old a runtime folder must be before it can be taken for a left one: a host may be about to lock it.
const youngest = time.Minute

// sweepRuntimeDirs removes what hosts of this user left that were killed. What cannot be removed stays, and so does a folder that merely
// has such a name.
func sweepRuntimeDirs(parent string) {
	found, _ := filepath.Glob(filepath.Join(parent, runtimePrefix+"*"))
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < youngest || !ours(info) || !onlySockets(dir) {
			continue
		}
		lock, err := openLock(dir, os.O_RDWR)
		if err != nil {
			continue // its host lives
		}
		os.RemoveAll(dir)
		lock.Close()
	}
}

// onlySockets reports whether a folder holds nothing but what a host puts into its runtime folder: a lock and sockets.
func onlySockets(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if e.Type() != os.ModeSocket && (e.Name() != lockName || !e.Type().IsRegular()) {
			return false
		}
	}
	return true
}

func ours(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid() && info.Mode().Perm() == 0o700
}
