//go:build !linux

package proc

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// A fence holds a process to its limits. Here none can be: a process may limit itself, and no other.
type fence struct {
	dir    string // always empty
	unkept []error
}

func (f *fence) make(int64, *syscall.SysProcAttr, Logger) {}

func (f *fence) giveUp(*syscall.SysProcAttr) bool { return false }

func (f *fence) started() {}

// launch starts a process, and says of each limit that it is not kept.
func (f *fence) launch(spec Spec, attr *os.ProcAttr) (*os.Process, error) {
	if n := spec.Limits.OpenFiles; n > 0 {
		f.unkept = append(f.unkept, fmt.Errorf("limits.openFiles %d is not kept: a host on %s cannot limit another process", n, runtime.GOOS))
	}
	if n := spec.Limits.Memory; n > 0 {
		f.unkept = append(f.unkept, fmt.Errorf("limits.memory %d is not kept: a host on %s cannot limit another process", n, runtime.GOOS))
	}
	return startNotBusy(spec, attr)
}

func (f *fence) overrun() bool { return false }

func (f *fence) remove() {}
