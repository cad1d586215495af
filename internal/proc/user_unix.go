//go:build unix

package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// check is an error unless this process may start one of that user.
func (u *User) check() error {
	if u == nil || os.Geteuid() == 0 || u.isHost() {
		return nil
	}
	return fmt.Errorf("as user %s: this host runs as user %d, and only root may start processes of other users: run the host as root, or name no user", u.Name, os.Geteuid())
}

func (u *User) isHost() bool { return int(u.UID) == os.Geteuid() }

// credential is nil if there is nothing to change.
func (u *User) credential() *syscall.Credential {
	if u == nil || u.isHost() {
		return nil
	}
	return &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
}

// barrier is the first folder on the way to a file that the user may not enter, or the file, if this user may not execute it; empty: there is none.
func (u *User) barrier(path string) string {
	for _, part := range ancestry(path) {
		fi, err := os.Stat(part)
		if err != nil {
			return ""
		}
		if st, ok := fi.Sys().(*syscall.Stat_t); ok && !u.mayExecute(st) {
			return part
		}
	}
	return ""
}

// ancestry is the folders on the way to a file, from the root on, and the file.
func ancestry(path string) (all []string) {
	for {
		all = append(all, path)
		up := filepath.Dir(path)
		if up == path {
			slices.Reverse(all)
			return all
		}
		path = up
	}
}

func (u *User) mayExecute(st *syscall.Stat_t) bool {
	switch {
	case u.UID == 0:
		return true
	case st.Uid == u.UID:
		return st.Mode&0o100 != 0
	case st.Gid == u.GID || slices.Contains(u.Groups, st.Gid):
		return st.Mode&0o010 != 0
	}
	return st.Mode&0o001 != 0
}
