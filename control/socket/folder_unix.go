//go:build unix

package socket

import (
	"fmt"
	"os"
	"syscall"
)

// checkParent refuses a folder in which another user could replace ours.
func checkParent(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("folder for the control socket: %w", err)
	}
	if owner := ownerOf(info); owner != 0 && owner != os.Geteuid() {
		return fmt.Errorf("folder %s belongs to user %d, this process runs as user %d: set XDG_RUNTIME_DIR to a folder of its own", path, owner, os.Geteuid())
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
		return fmt.Errorf("folder %s has mode %#o, and others could replace the control socket in it: chmod 0700 it, or set XDG_RUNTIME_DIR to another", path, info.Mode().Perm())
	}
	return nil
}

// checkFolder refuses a folder of sockets that is not this user's alone.
func checkFolder(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("folder for the control socket: %w", err)
	}
	if !info.IsDir() || ownerOf(info) != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s: found mode %v of user %d, want a folder of mode 0700 of user %d for control sockets: remove it", path, info.Mode(), ownerOf(info), os.Geteuid())
	}
	return nil
}

func ownerOf(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return os.Geteuid()
}
