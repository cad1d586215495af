package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

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
