//go:build unix && !linux

package proc

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// group signals a process group by its id.
type group struct {
	pid int

	mu    sync.Mutex // guards empty; held over one system call
	empty bool       // nothing of the group was left when the leader was reaped, or it was released
}

func (g *group) sysProcAttr(u *User) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: u.credential()}
}

func (g *group) started(p *os.Process, _ bool) error {
	g.pid = p.Pid
	return nil
}

func (g *group) terminate() error { return g.signal(syscall.SIGTERM) }

func (g *group) kill() error { return g.signal(syscall.SIGKILL) }

// signal sends sig to every process of the group; nil if none is left. A group of which only zombies
// are left answers EPERM on some of these systems: that is none, too.
func (g *group) signal(sig syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty {
		return nil
	}
	err := syscall.Kill(-g.pid, sig)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) {
		return nil
	}
	return err
}

// leaderReaped looks whether anything of the group is left: if not, its id is no longer ours.
func (g *group) leaderReaped() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.empty = g.empty || errors.Is(syscall.Kill(-g.pid, 0), syscall.ESRCH)
}

// release ends all signalling.
func (g *group) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.empty = true
}

// find is not possible: this system does not tell in a portable way when a process was started.
func (g *group) find(Identity) error { return errors.ErrUnsupported }

func (g *group) leaderGone() bool { return true }

func startOf(int) string { return "" }
