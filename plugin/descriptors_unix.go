//go:build unix

package plugin

import (
	"fmt"
	"os"
	"syscall"
)

// takeDescriptor makes an inherited descriptor this process's own: a child of the plugin must not get it, else it would keep the
// socket alive, or see a host that is gone as present.
func takeDescriptor(fd int, name string) (*os.File, error) {
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("%s: descriptor %d was not inherited: %w", name, fd, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// takeLifeline is takeDescriptor for the lifeline, which stays in blocking mode: its flags belong to the host too, which sets others of them
// at this very time, and of two who do that one may undo what the other did.
func takeLifeline(fd int) (*os.File, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("lifeline: descriptor %d was not inherited: %w", fd, err)
	}
	if kind := st.Mode & syscall.S_IFMT; kind != syscall.S_IFIFO && kind != syscall.S_IFSOCK { // such as a file that the Go runtime has opened
		return nil, fmt.Errorf("lifeline: descriptor %d was not inherited: it is no pipe of a host", fd)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "lifeline"), nil
}

// backlog is how many connections may wait to be accepted.
const backlog = 16

// listenAgain makes this process the one that later dialers see as their peer: the kernel notes who called listen.
func listenAgain(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var listenErr error
	if err := raw.Control(func(fd uintptr) { listenErr = syscall.Listen(int(fd), backlog) }); err != nil {
		return err
	}
	return listenErr
}

// killGroup ends this process and, if it leads its process group, as a launched plugin does, the whole group.
func killGroup() {
	if pid := os.Getpid(); syscall.Getpgrp() == pid {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	os.Exit(ExitSoftware)
}
