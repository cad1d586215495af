//go:build unix

package proc

import (
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptors are those of this process that a child of it would inherit and should not.
var descriptors struct {
	sync.Mutex      // held while they are looked at
	seen       bool // they were looked at before
}

// hideDescriptors marks every descriptor above 2 as close-on-exec that is not. What Go opens is marked already. What a shell, a service manager
// or a supervisor left open in the host is not, nor what the application opens by C, dup or syscall.Open: say, its own listening socket. Of what came
// after the first time the log is told: a process that started just before may have it.
func hideDescriptors(log Logger) {
	descriptors.Lock()
	found, later := markDescriptors(), descriptors.seen
	descriptors.seen = true
	descriptors.Unlock()
	if !later {
		return
	}
	for _, fd := range found {
		target, _ := os.Readlink("/dev/fd/" + strconv.Itoa(fd))
		log.Warn("the application has a descriptor open for every program that it starts: it is not any more, and should be opened close-on-exec", "descriptor", fd, "target", target)
	}
}

// markDescriptors returns which it has marked. Who opens a descriptor and marks it in two steps holds ForkLock meanwhile, and is waited for.
func markDescriptors() (marked []int) {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return nil // no such folder here: nothing to go by
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			syscall.CloseOnExec(fd)
			marked = append(marked, fd)
		}
	}
	return marked
}
