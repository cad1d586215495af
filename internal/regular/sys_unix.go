//go:build unix

package regular

import (
	"os"
	"syscall"
)

// nonblock keeps an open from waiting for the other end of a named pipe.
const nonblock = syscall.O_NONBLOCK

// block takes that back: a child that is given the file would see it.
func block(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if e := c.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), false) }); e != nil {
		return e
	}
	return err
}
