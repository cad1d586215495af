package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// groupPrefix begins the names of the control groups that hosts make.
const groupPrefix = "hotplug-"

// divisibleGroup is the control group below which this host may make groups with limits of memory, or why there is none. It is looked for once.
var divisibleGroup = sync.OnceValues(func() (string, error) {
	own, err := ownGroup("/proc/self/cgroup", "/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	dir, err := divisible(own)
	if err == nil {
		sweepGroups(dir)
	}
	return dir, err
})

// ownGroup is the folder of the version 2 control group that this process is in. The arguments are files of proc_pid_cgroup(5) and proc_pid_mountinfo(5).
func ownGroup(cgroup, mounts string) (string, error) {
	groups, err := os.ReadFile(cgroup)
	if err != nil {
		return "", err
	}
	_, path, found := strings.Cut("\n"+string(groups), "\n0::")
	if !found {
		return "", errors.New("this system has no control groups of version 2")
	}
	path, _, _ = strings.Cut(path, "\n")
	table, err := os.ReadFile(mounts)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(table)) {
		mount, kind, _ := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if !strings.HasPrefix(kind, "cgroup2 ") || len(fields) < 5 {
			continue
		}
		if rel, err := filepath.Rel(fields[3], path); err == nil && filepath.IsLocal(rel) {
			return filepath.Join(fields[4], rel), nil
		}
	}
	return "", fmt.Errorf("control group %s is not mounted", path)
}

// divisible is the group itself or the one above it, whichever was delegated to this host: whoever delegates says so by an extended attribute, as systemd
// does for Delegate=. A group that has processes of its own cannot hand memory on; then it is the one above, by systemd's DelegateSubgroup=.
func divisible(own string) (string, error) {
	var why []error
	for _, dir := range []string{own, filepath.Dir(own)} {
		err := divide(dir)
		if err == nil {
			return dir, nil
		}
		why = append(why, fmt.Errorf("control group %s: %w", dir, err))
	}
	return "", errors.Join(why...)
}

// divide sees to it that the groups below dir can have limits of memory.
func divide(dir string) error {
	if !delegated(dir) {
		return errors.New("it is not delegated to this host")
	}
	if listed(dir, "cgroup.subtree_control", "memory") {
		return unix.Access(dir, unix.W_OK)
	}
	return writeControl(dir, "cgroup.subtree_control", "+memory")
}

func delegated(dir string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [8]byte
		if n, err := unix.Getxattr(dir, name, value[:]); err == nil && string(value[:n]) == "1" {
			return true
		}
	}
	return false
}

func listed(dir, file, word string) bool {
	text, _ := os.ReadFile(filepath.Join(dir, file))
	return slices.Contains(strings.Fields(string(text)), word)
}

func writeControl(dir, file, text string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// sweepGroups removes what hosts left that were killed. A group with processes stays: the kernel refuses.
func sweepGroups(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, groupPrefix+"*"))
	for _, dir := range left {
		if fi, err := os.Stat(dir); err == nil && time.Since(fi.ModTime()) > time.Minute { // a host may be about to start a process in a young one
			_ = unix.Rmdir(dir)
		}
	}
}
