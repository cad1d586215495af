//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a process group, all of which ends when its context does.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
