//go:build unix

package proc

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// readStatus fills in what the system says about an ended process.
func (e *Exit) readStatus(state *os.ProcessState) {
	e.Code = state.ExitCode()
	e.User, e.System = state.UserTime(), state.SystemTime()
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal, e.Core = signalName(ws.Signal()), ws.CoreDump()
	}
	if ru, ok := state.SysUsage().(*syscall.Rusage); ok {
		e.MaxRSS = int64(ru.Maxrss) * maxRSSUnit
	}
}

// maxRSSUnit is what Rusage.Maxrss counts in: bytes on Apple's systems, KiB elsewhere (getrusage(2)).
var maxRSSUnit = func() int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return 1
	}
	return 1024
}()

// signalName is the signal's C name; realtime signals have none and are numbered.
func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
