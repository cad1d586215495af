package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A fence is what holds a process to its limits: a control group for its memory where there can be one, and resource limits.
type fence struct {
	dir    string   // of the control group; empty: none
	file   *os.File // the same, while the process is started
	unkept []error  // why the process is not held to some limits, or was not from its first instruction on
}

// make makes a control group for a process that is about to start, if it needs one and there can be one.
func (f *fence) make(memory int64, attr *syscall.SysProcAttr, log Logger) {
	if memory == 0 {
		return
	}
	parent, err := divisibleGroup()
	if err == nil {
		f.dir, err = newGroup(parent, memory)
	}
	if err == nil {
		f.file, err = os.Open(f.dir)
	}
	if err != nil {
		log.Debug("limits.memory holds each process by itself: there is no control group for it", "reason", err)
		f.remove()
		return
	}
	attr.UseCgroupFD, attr.CgroupFD = true, int(f.file.Fd())
}

// newGroup makes a group that holds no more memory than that, nor any swap, and all of whose processes end together.
func newGroup(parent string, memory int64) (string, error) {
	dir, err := os.MkdirTemp(parent, groupPrefix)
	if err != nil {
		return "", err
	}
	if err := writeControl(dir, "memory.max", strconv.FormatInt(memory, 10)); err != nil {
		_ = unix.Rmdir(dir)
		return "", err
	}
	_ = writeControl(dir, "memory.swap.max", "0")  // where swap is counted
	_ = writeControl(dir, "memory.oom.group", "1") // since Linux 4.19
	return dir, nil
}

// giveUp is called when the start has failed. It reports whether the group may be why: then there is none any more, and the start is tried without. What
// puts a process into a group at its birth is clone3(2), which is as old as Linux 5.7, and which some containers refuse.
func (f *fence) giveUp(attr *syscall.SysProcAttr) bool {
	if !attr.UseCgroupFD {
		return false
	}
	attr.UseCgroupFD = false
	f.started()
	f.remove()
	return true
}

// started gives back what only the start needs.
func (f *fence) started() {
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file = nil
}

// A resource is a limit that the kernel keeps for each process by itself.
type resource struct {
	field  string // of the manifest
	wanted int64  // its value there
	number int    // RLIMIT_NOFILE, ...
	most   uint64 // what is set
	lack   string // for errors: why it is not kept by something better
}

// resources are the limits that no control group keeps.
func (f *fence) resources(l Limits) (all []resource) {
	if l.OpenFiles > 0 {
		all = append(all, resource{"limits.openFiles", int64(l.OpenFiles), unix.RLIMIT_NOFILE, uint64(l.OpenFiles), ""})
	}
	if l.Memory > 0 && f.dir == "" {
		all = append(all, resource{"limits.memory", l.Memory, unix.RLIMIT_DATA, uint64(l.Memory) + untouched(), "there is no control group for it, and "})
	}
	return all
}

// setLimits returns why it could not set some.
func setLimits(pid int, limits []resource) (unkept []error) {
	for _, l := range limits {
		if err := limitResource(pid, l.number, l.most); err != nil {
			unkept = append(unkept, fmt.Errorf("%s %d is not kept: %sprlimit: %w", l.field, l.wanted, l.lack, err))
		}
	}
	return unkept
}

// untouched is how much a process may map besides what it may hold. RLIMIT_DATA counts what is mapped to be written to, used or not: that is 8 MiB for the
// stack of each thread where C makes it, of which a runtime starts one or two for each CPU, and tables. Without that a Go program that holds 7 MiB did
// not start with a limit of 64.
func untouched() uint64 { return 128<<20 + uint64(runtime.NumCPU())*16<<20 }

// limitResource lowers both limits of a resource to n, unless they are lower already. RLIMIT_AS is none of them: Go's runtime, and others, reserve
// more addresses than they will ever use.
func limitResource(pid, resource int, n uint64) error {
	var now unix.Rlimit
	err := unix.Prlimit(pid, resource, nil, &now)
	if err == nil {
		err = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: min(n, now.Max), Max: min(n, now.Max)}, nil)
	}
	if errors.Is(err, unix.ESRCH) { // it has ended
		return nil
	}
	return err
}

// overrun reports whether the kernel has ended a process of the group because the group was over its memory. A machine, or a group above, that has none left
// counts as a kill only.
func (f *fence) overrun() bool {
	if f.dir == "" {
		return false
	}
	return counted(f.dir, "oom") && counted(f.dir, "oom_kill")
}

// counted reports whether an event of memory has happened in a group.
func counted(dir, event string) bool {
	events, _ := os.ReadFile(filepath.Join(dir, "memory.events"))
	for line := range strings.Lines(string(events)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), event+" "); ok {
			return n != "0"
		}
	}
	return false
}

// How long a group may take to get empty: what was killed is on its way.
const (
	removeTries = 20
	removeDelay = 5 * time.Millisecond
)

// remove ends what is left in the group, also what has left its session, and removes it. One that is not empty in time is removed by a later host.
func (f *fence) remove() {
	if f.dir == "" {
		return
	}
	_ = writeControl(f.dir, "cgroup.kill", "1") // since Linux 5.14
	for range removeTries {
		if err := unix.Rmdir(f.dir); !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(removeDelay)
	}
	f.dir = ""
}
