package main

import (
	"os"
	"syscall"
)

const (
	stopSignal = syscall.Signal(0)
	contSignal = syscall.Signal(0)
	killSignal = syscall.SIGKILL
	quitSignal = syscall.Signal(0)
)

// send ends a plugin's process; there is no way to have one stand still.
func send(pid int, s syscall.Signal) {
	if p, err := os.FindProcess(pid); err == nil && s == killSignal {
		_ = p.Kill()
	}
}
