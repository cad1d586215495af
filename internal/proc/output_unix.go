//go:build unix

package proc

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// readNow reads what is there without waiting; 0 bytes and no error mean that nothing is.
func readNow(f *os.File, b []byte) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil || len(b) == 0 {
		return 0, err
	}
	// Control, not Read: Read refuses once the deadline has passed.
	cerr := raw.Control(func(fd uintptr) { n, err = unix.Read(int(fd), b) })
	if cerr != nil {
		return 0, cerr
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return max(n, 0), err
}
