package proc

import (
	"fmt"
	"time"
)

// Exit says how a process ended and what it used. Its times are those of the host's clock.
type Exit struct {
	// Code is the exit status; -1 if a signal ended the process or its status was lost.
	Code int
	// Signal is the name of the signal that ended it, such as "SIGKILL"; empty if it exited.
	Signal string
	// Core says that a core dump was written.
	Core bool
	// Started and Ended are when the host started and when it reaped the process.
	Started, Ended time.Time
	// User and System are the CPU time of the process and of those descendants that it waited for.
	User, System time.Duration
	// MaxRSS is the largest resident size in bytes; 0 where the system does not tell.
	MaxRSS int64
	// OutOfMemory says that the kernel ended it, or a descendant, because they were over Limits.Memory. It tells only where a control group keeps that.
	OutOfMemory bool
	// Lost is why there is no status: waiting for the process failed. Nil otherwise.
	Lost error
}

// Success reports whether the process ended by itself with status 0.
func (e Exit) Success() bool { return e.Code == 0 && e.Signal == "" && e.Lost == nil }

// String is one phrase for people: "exit status 3", "killed by SIGKILL", "SIGSEGV (core dumped)".
func (e Exit) String() string {
	switch {
	case e.Lost != nil:
		return fmt.Sprintf("exit status unknown: %v", e.Lost)
	case e.Signal != "" && e.Core:
		return e.Signal + " (core dumped)"
	case e.Signal != "":
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Code)
}
