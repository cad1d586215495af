package proc

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// group signals a process group. It holds a pidfd, because an id may be given to a stranger once the
// last process of the group is gone, and the pidfd goes on meaning ours.
type group struct {
	pid int

	mu    sync.Mutex // guards pidfd and empty; held over one system call
	pidfd int        // -1: none (a kernel before 5.4), or released
	empty bool       // nothing of the group was left when the leader was reaped, or it was released
}

func (g *group) sysProcAttr() *syscall.SysProcAttr {
	g.pidfd = -1
	return &syscall.SysProcAttr{Setsid: true, PidFD: &g.pidfd}
}

func (g *group) started(p *os.Process, _ bool) error {
	g.pid = p.Pid
	return nil
}

func (g *group) terminate() error { return g.signal(unix.SIGTERM) }

func (g *group) kill() error { return g.signal(unix.SIGKILL) }

// signal sends sig to every process of the group; nil if none is left.
func (g *group) signal(sig unix.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty {
		return nil
	}
	err := g.send(sig)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// send prefers the pidfd; kernels before 6.9 do not know the flag and say EINVAL.
func (g *group) send(sig unix.Signal) error {
	if g.pidfd >= 0 {
		err := unix.PidfdSendSignal(g.pidfd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
			return err
		}
	}
	return unix.Kill(-g.pid, sig)
}

// leaderReaped looks whether anything of the group is left: if not, its id is no longer ours.
func (g *group) leaderReaped() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.empty = g.empty || errors.Is(g.send(0), unix.ESRCH)
}

// release ends all signalling.
func (g *group) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pidfd >= 0 {
		_ = unix.Close(g.pidfd)
	}
	g.pidfd, g.empty = -1, true
}
