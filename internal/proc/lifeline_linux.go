package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// closedFirst gives the lifeline's end a high number. When a process dies the kernel (6.18, as seen) closes its descriptors from the highest
// down: so the group is ended before the plugin can see that its connection is over, and a plugin that exits at that sight does not leave its
// children behind. If no high number is to be had, the one that it has will do.
func closedFirst(w *os.File) *os.File {
	raw, err := w.SyscallConn()
	if err != nil {
		return w
	}
	high := -1
	for _, least := range []int{1 << 12, 1 << 9} {
		_ = raw.Control(func(fd uintptr) { high, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, least) })
		if err == nil {
			break
		}
	}
	if err != nil {
		return w
	}
	w.Close()
	return os.NewFile(uintptr(high), "lifeline")
}

// armLifeline makes the kernel kill the process group when the pipe's write end closes: see the
// package's text on the lifeline. The group has to exist, and it does until its leader is reaped.
func armLifeline(read *os.File, pid int) error {
	fd := read.Fd()
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		return fmt.Errorf("arm the lifeline: %w", err)
	}
	for _, set := range []struct{ cmd, arg int }{
		{unix.F_SETOWN, -pid},
		{unix.F_SETSIG, int(unix.SIGKILL)},
		{unix.F_SETFL, flags | unix.O_ASYNC}, // last: it is what arms
	} {
		if _, err := unix.FcntlInt(fd, set.cmd, set.arg); err != nil {
			return fmt.Errorf("arm the lifeline (fcntl %d): %w", set.cmd, err)
		}
	}
	return nil
}
