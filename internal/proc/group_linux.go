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
	pid   int
	found string // when the leader was started, of a group that is not of this process's making; empty: it is

	mu    sync.Mutex // guards pidfd and empty; held over one system call
	pidfd int        // -1: none (a kernel before 5.4), or released
	empty bool       // nothing of the group was left when the leader was reaped, or it was released
}

func (g *group) sysProcAttr(u *User) *syscall.SysProcAttr {
	g.pidfd = -1
	return &syscall.SysProcAttr{Setsid: true, PidFD: &g.pidfd, Credential: u.credential()}
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
	if g.found != "" && startOf(g.pid) != g.found { // the id may be a stranger's by now
		return unix.ESRCH
	}
	return unix.Kill(-g.pid, sig)
}

// find makes g the group of a process that another host has started. It is known by when it was started; the pidfd is opened before that is
// looked at, so that it means no other.
func (g *group) find(id Identity) error {
	fd, err := unix.PidfdOpen(id.PID, 0)
	if err != nil {
		fd = -1
	}
	g.pid, g.pidfd, g.found = id.PID, fd, id.Started
	if errors.Is(err, unix.ESRCH) || startOf(id.PID) != id.Started {
		g.release()
		return ErrGone
	}
	return nil
}

// leaderGone reports whether the leader of a found group has ended, or was released.
func (g *group) leaderGone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pidfd < 0 {
		return g.empty || startOf(g.pid) != g.found
	}
	fds := []unix.PollFd{{Fd: int32(g.pidfd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0
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
