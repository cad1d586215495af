package proc

import "os"

// readStatus fills in what the system says about an ended process. Windows has no signals: a process
// that was killed has the exit code that its killer chose.
func (e *Exit) readStatus(state *os.ProcessState) {
	e.Code = state.ExitCode()
	e.User, e.System = state.UserTime(), state.SystemTime()
}
