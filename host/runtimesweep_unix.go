//go:build unix

package host

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockDir takes the lock of a folder without waiting. The lock ends with the process, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
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

// sweepRuntimeDirs removes what hosts of this user left that were killed. What cannot be removed stays.
func sweepRuntimeDirs(parent string) {
	found, _ := filepath.Glob(filepath.Join(parent, runtimePrefix+"*"))
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < youngest || !ours(info) {
			continue
		}
		lock, err := lockDir(dir)
		if err != nil {
			continue // its host lives
		}
		os.RemoveAll(dir)
		lock.Close()
	}
}

func ours(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}
