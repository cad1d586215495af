//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Inherits says whether a process can inherit descriptors: the listening socket and the lifeline.
const Inherits = true

// startupEnvValue is what StartupEnv is set to.
func startupEnvValue([]byte) string { return "fd:4" }

// addInherited adds descriptor 3, the listening socket, and 4, the lifeline with the start-up line in it.
func (pl *plumbing) addInherited(spec Spec) error {
	HideDescriptors(spec.log())
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	pl.lifeline, pl.lifelineRead = closedFirst(w), r
	pl.lent = append(pl.lent, r)
	pl.child = append(pl.child, spec.Listener, r)
	return writeNow(pl.lifeline, startupLine(spec.Startup))
}

// writeNow writes all of the line without waiting. A user who has too many pipes open gets small ones
// from the kernel (pipe(7), pipe-user-pages-soft), and a blocking write to such a one would never end.
func writeNow(w *os.File, line []byte) error {
	raw, err := w.SyscallConn()
	if err != nil {
		return err
	}
	left := line
	for len(left) > 0 {
		var n int
		var werr error
		if err := raw.Control(func(fd uintptr) { n, werr = syscall.Write(int(fd), left) }); err != nil {
			return err
		}
		switch {
		case errors.Is(werr, syscall.EINTR):
		case errors.Is(werr, syscall.EAGAIN):
			return fmt.Errorf("the start-up line has %d bytes and the lifeline pipe took %d: this user has too "+
				"many pipes open (see pipe-user-pages-soft in pipe(7)): start fewer plugins or raise that limit: %w",
				len(line), len(line)-len(left), werr)
		case werr != nil:
			return werr
		default:
			left = left[n:]
		}
	}
	return nil
}
