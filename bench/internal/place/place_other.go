//go:build !linux

package place

import (
	"errors"
	"os/exec"
	"runtime"
	"time"
)

// Available is Free alone: on this system processes are not moved.
func Available() []Placement { return []Placement{Free} }

// Start starts a measuring process.
func Start(cmd *exec.Cmd, p Placement) error {
	if p != Free {
		return errors.New("the placement " + string(p) + " needs Linux: take free")
	}
	return cmd.Start()
}

func moveTo(int) error { return errors.ErrUnsupported }

// CPUTime is not known on this system.
func CPUTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// Memory is not known on this system.
func Memory(int) (int64, error) { return 0, errors.ErrUnsupported }

// Processor is the architecture.
func Processor() string { return runtime.GOARCH }

// Kernel is the system's name.
func Kernel() string { return runtime.GOOS }
