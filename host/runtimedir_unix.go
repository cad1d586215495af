//go:build unix

package host

import (
	"fmt"
	"os"
	"syscall"
)

// checkRuntimeParent refuses a folder in which another user could replace ours.
func checkRuntimeParent(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("runtime folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("runtime folder %s is not a folder", path)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("runtime folder %s belongs to user %d, this process runs as user %d: set RuntimeDir to a folder of its own", path, st.Uid, os.Getuid())
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
		return fmt.Errorf("runtime folder %s has mode %#o: others can replace what is in it: chmod 0700 it, or set RuntimeDir to another", path, perm)
	}
	return nil
}
