package host

import (
	"fmt"
	"strings"
)

// A CrashReport says how a process ended that the host did not ask to end.
type CrashReport struct {
	Worker Worker
	Phase  string   // when it ended: "before it was ready", "while it was serving"
	Exit   string   // "exit status 3", "killed by SIGSEGV"
	Code   int      // exit status; -1 if a signal ended it
	Killed bool     // the host ended it, because it had broken or closed the connection
	Stderr []string // its last lines, at most 50 and 16 KiB
	Lost   int      // notices that it was sent and had not said to have handled: the last of them it may have
	Memory string   // how it met limits.memory, where that is known; empty: it did not
	Cause  error    // what broke the connection first; nil if the process simply ended
}

// Summary is the report on one line.
func (r *CrashReport) Summary() string {
	s := r.how()
	if r.Memory != "" {
		s += "; " + r.Memory
	}
	if r.Lost > 0 {
		s += fmt.Sprintf("; notices that it had not handled: %d", r.Lost)
	}
	return s
}

func (r *CrashReport) how() string {
	s := fmt.Sprintf("it ended %s: %s", r.Phase, r.Exit)
	switch {
	case r.Killed && r.Cause != nil:
		return fmt.Sprintf("the host ended it %s: %v", r.Phase, r.Cause)
	case r.Killed:
		return fmt.Sprintf("it closed its connection %s and did not exit: the host ended it", r.Phase)
	case r.Cause != nil:
		s += fmt.Sprintf(" (%v)", r.Cause)
	}
	return s
}

// Error is the summary and the last lines of stderr.
func (r *CrashReport) Error() string { return r.Summary() + r.tail() }

// Unwrap returns the cause.
func (r *CrashReport) Unwrap() error { return r.Cause }

// stderrFollows introduces the last lines of a plugin in an error.
const stderrFollows = "; the end of its stderr:"

func (r *CrashReport) tail() string {
	if len(r.Stderr) == 0 {
		return "; it wrote nothing to stderr"
	}
	return stderrFollows + "\n    " + strings.Join(r.Stderr, "\n    ")
}
