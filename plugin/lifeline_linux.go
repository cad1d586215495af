package plugin

import (
	"os"

	"golang.org/x/sys/unix"
)

// softenLifeline changes what the kernel does to this process group when the host is gone, from SIGKILL, which the host set, to
// SIGCONT: that wakes a stopped process, which then sees the end of file, runs its Stop hook, and ends the group itself. Only a plugin with
// such a hook gives up the kernel's certainty for it.
func softenLifeline(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETSIG, int(unix.SIGCONT)) })
}
