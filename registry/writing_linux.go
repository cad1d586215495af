package registry

import (
	"errors"

	"golang.org/x/sys/unix"
)

// writing asks the kernel whether anybody has a file of a candidate open for writing.
func writing(c *Candidate) (state writers, file string) {
	for _, path := range c.ground.files {
		switch probe(path) {
		case somebodyWrites:
			return somebodyWrites, path
		case nobodyKnows:
			state = nobodyKnows
		}
	}
	return state, ""
}

// probe asks for a read lease, which the kernel refuses with EAGAIN for a file that is open for writing, and drops it at
// once: whoever opens the file for writing meanwhile waits for that moment. Leases are for a file's owner, and not every
// file system has them.
func probe(path string) writers {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) {
		return nobodyWrites // it went: the next look sees that
	}
	if err != nil {
		return nobodyKnows
	}
	defer func() { _ = unix.Close(fd) }()
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return somebodyWrites
	case err != nil:
		return nobodyKnows
	}
	// A child that is just being started may hold a copy of the descriptor, and with it the lease, so closing is not enough.
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
	return nobodyWrites
}
