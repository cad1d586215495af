//go:build unix

package main

import (
	"os"
	"syscall"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
)

const (
	stopSignal = syscall.SIGSTOP
	contSignal = syscall.SIGCONT
	killSignal = syscall.SIGKILL
	quitSignal = syscall.SIGQUIT
)

// send signals a plugin's whole process group. Its number may be another's by now, if the plugin has ended: then it is no child of ours.
func send(pid int, s syscall.Signal) {
	if state, parent := leftovers.Stat(pid); state == "" || parent == os.Getpid() {
		_ = syscall.Kill(-pid, s)
	}
}
