//go:build unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// permsCount says whether a file's mode bits mean anything.
const permsCount = true

// openNonblock keeps an open from waiting for the writer of a named pipe.
const openNonblock = syscall.O_NONBLOCK

// ownerOf is the user that a file belongs to.
func ownerOf(fi fs.FileInfo) (uid int, ok bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// syncPath brings a file or folder to the disk. It opens the file for reading: for as long as a copy is
// open for writing it cannot be executed, and a sync may take long.
func syncPath(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems sync no folders
		return err
	}
	return nil
}

// explain says what to do about an error of writing in the store.
func explain(dir string, err error) error {
	const other = "or set another state folder (host.Config.StateDir)"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("no space is left for copies of plugins in folder %s: free some, %s: %w", dir, other, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("folder %s is on a read-only file system, copies of plugins have to be written there: "+
			"mount it writable, %s: %w", dir, other, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("folder %s cannot be made, because a file stands in its way: remove it, %s: %w", dir, other, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write in folder %s, where copies of plugins are kept: change its owner or mode, %s: %w",
			dir, other, err)
	}
	return err
}
