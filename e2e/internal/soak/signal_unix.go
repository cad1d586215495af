//go:build unix

package main

import "syscall"

const (
	stopSignal = syscall.SIGSTOP
	contSignal = syscall.SIGCONT
	killSignal = syscall.SIGKILL
)

// send signals a plugin's whole process group.
func send(pid int, s syscall.Signal) { _ = syscall.Kill(-pid, s) }
