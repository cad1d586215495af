//go:build unix

package proc

import (
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptors is held while those of this process are looked at that a child of it would inherit and should not.
var descriptors sync.Mutex

// given are the descriptors that were open for every program when this one began, before main: its own parent left them to it, a shell, a service manager, a
// supervisor, or a host of whom it is a plugin.
var given = openForAll()

// An openFile is what a descriptor leads to. The number alone may be another's by now.
type openFile struct{ device, inode uint64 }

// HideDescriptors marks every descriptor above 2 as close-on-exec that is not; each Start does so, too. What Go opens is marked already. What was given to this process is not,
// and of that nothing is said: it may be meant for it. Nor is what the application opens by C, dup or syscall.Open: say, its own listening socket. Of that the
// log is told: another program, or a process that started just before, may have it.
func HideDescriptors(log Logger) {
	descriptors.Lock()
	found := markDescriptors()
	descriptors.Unlock()
	for fd, file := range found {
		if from, ok := given[fd]; ok && from == file {
			continue
		}
		target, _ := os.Readlink("/dev/fd/" + strconv.Itoa(fd))
		log.Warn("the application has a descriptor open for every program that it starts: it is not any more, and should be opened close-on-exec", "descriptor", fd, "target", target)
	}
}

// markDescriptors returns which it has marked. Who opens a descriptor and marks it in two steps holds ForkLock meanwhile, and is waited for.
func markDescriptors() map[int]openFile {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	found := openForAll()
	for fd := range found {
		syscall.CloseOnExec(fd)
	}
	return found
}

// openForAll are the descriptors above 2 that are not close-on-exec.
func openForAll() map[int]openFile {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return nil // no such folder here: nothing to go by
	}
	found := map[int]openFile{}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		var st unix.Stat_t
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 && unix.Fstat(fd, &st) == nil {
			found[fd] = openFile{uint64(st.Dev), st.Ino}
		}
	}
	return found
}
