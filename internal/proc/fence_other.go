//go:build !linux

package proc

import (
	"fmt"
	"runtime"
	"syscall"
)

// A fence holds a process to its limits. Here none can be: a process may limit itself, and no other.
type fence struct{ dir string }

func (f *fence) make(int64, *syscall.SysProcAttr, Logger) {}

func (f *fence) giveUp(*syscall.SysProcAttr) bool { return false }

func (f *fence) started() {}

// limit says of each limit that it is not kept.
func (f *fence) limit(_ int, l Limits) (unkept []error) {
	if l.OpenFiles > 0 {
		unkept = append(unkept, fmt.Errorf("limits.openFiles %d is not kept: a host on %s cannot limit another process", l.OpenFiles, runtime.GOOS))
	}
	if l.Memory > 0 {
		unkept = append(unkept, fmt.Errorf("limits.memory %d is not kept: a host on %s cannot limit another process", l.Memory, runtime.GOOS))
	}
	return unkept
}

func (f *fence) overrun() bool { return false }

func (f *fence) remove() {}
