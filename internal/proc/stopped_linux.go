package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// launch starts a process that is held to its limits before its program's first instruction, so that all that it forks inherits them. For that it is
// started like one that is debugged: the kernel stops it once its program is loaded. Where that is not possible the limits are set a moment later.
func (f *fence) launch(spec Spec, attr *os.ProcAttr) (*os.Process, error) {
	f.unkept = nil
	limits := f.resources(spec.Limits)
	if len(limits) == 0 {
		return startNotBusy(spec, attr)
	}
	p, err := f.launchTied(spec, attr, limits)
	if why, ok := errors.AsType[unstoppable](err); ok {
		return f.launchLate(spec, attr, limits, why)
	}
	return p, err
}

// launchTied is launchStopped by a thread of its own, which the process does not outlive if it is to end with its host. Else a host that is killed just then
// would leave a process that waits for ever: to be traced by whoever inherits it, which is init.
func (f *fence) launchTied(spec Spec, attr *os.ProcAttr, limits []resource) (p *os.Process, err error) {
	launched := make(chan struct{})
	go func() {
		runtime.LockOSThread() // what traces is a thread, and it is the thread's end that a child is told of; it ends with this goroutine
		if spec.Shutdown {
			attr.Sys.Pdeathsig = unix.SIGKILL
		}
		p, err = f.launchStopped(spec, attr, limits)
		attr.Sys.Pdeathsig = 0
		close(launched)
		if err == nil && spec.Shutdown {
			awaitExit(p.Pid)
		}
	}()
	<-launched
	return p, err
}

// awaitExit waits until a child has ended. It does not reap it.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// unstoppable is why a process cannot be stopped at its start. None was started then.
type unstoppable struct{ error }

func (f *fence) launchStopped(spec Spec, attr *os.ProcAttr, limits []resource) (*os.Process, error) {
	if err := mayStop(spec); err != nil {
		return nil, unstoppable{err}
	}
	attr.Sys.Ptrace = true
	p, err := startNotBusy(spec, attr)
	attr.Sys.Ptrace = false
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOSYS): // or the file's fault: the start without will say
		return nil, unstoppable{fmt.Errorf("ptrace: %w", withoutPath(err))}
	case err != nil:
		return nil, err
	}
	if !stops(p.Pid) {
		return nil, unstoppable{endedEarly(p)}
	}
	f.unkept = setLimits(p.Pid, limits)
	_ = unix.PtraceDetach(p.Pid) // it fails if somebody has killed the process meanwhile
	return p, nil
}

// launchLate starts a process and then limits it: what it forks before that, and what its runtime reads, are the host's limits.
func (f *fence) launchLate(spec Spec, attr *os.ProcAttr, limits []resource, why error) (*os.Process, error) {
	p, err := startNotBusy(spec, attr)
	if err != nil {
		return nil, err
	}
	if f.unkept = setLimits(p.Pid, limits); len(f.unkept) > 0 {
		return p, nil
	}
	for _, l := range limits {
		f.unkept = append(f.unkept, fmt.Errorf("%s %d is kept late: its process could not be stopped at its start: %w", l.field, l.wanted, why))
	}
	return p, nil
}

// stops waits until a traced process stops at its exec, whose signal the kernel delivers before any other, or ends. It does not reap: os.Process does.
func stops(pid int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil && info.Code == cldTrapped
		}
	}
}

// cldTrapped is waitid's code for a traced process that has stopped; see sigaction(2).
const cldTrapped = 4

// fatal is set once a rule of seccomp has ended a process because it asked to be traced.
var fatal atomic.Bool

// endedEarly reaps a process that has ended before its program's first instruction, and says why that may be.
func endedEarly(p *os.Process) error {
	state, err := p.Wait()
	if err != nil {
		return err
	}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() && ws.Signal() == unix.SIGSYS {
		fatal.Store(true)
		return errForbidden
	}
	return fmt.Errorf("ptrace: it ended: %s", state)
}

var errForbidden = errors.New("ptrace: a rule of seccomp forbids it")

// mayStop is nil if a process of that program may be traced while it starts.
func mayStop(spec Spec) error {
	if fatal.Load() {
		return errForbidden
	}
	if seccomp() && !diesAlone() {
		return errors.New("this host runs under seccomp, and before Linux 5.16 a rule that forbids ptrace might end the host, too")
	}
	if asRoot := os.Geteuid() == 0 && spec.User.credential() == nil; !asRoot && changesUser(spec.resolved()) {
		return errors.New("its program has rights that it would lose if it were traced (set-user-ID, set-group-ID or capabilities)")
	}
	return nil
}

// seccomp reports whether rules of seccomp hold for this process.
func seccomp() bool {
	status, _ := os.ReadFile("/proc/self/status")
	return strings.Contains(string(status), "\nSeccomp:\t2\n")
}

// diesAlone reports whether a process that dumps core ends alone. Before Linux 5.16 all that share its memory ended with it: a process that Go starts
// shares it with the host until its program is loaded.
func diesAlone() bool {
	var name unix.Utsname
	return unix.Uname(&name) == nil && dumpsAlone(unix.ByteSliceToString(name.Release[:]))
}

func dumpsAlone(release string) bool {
	var major, minor int
	_, err := fmt.Sscanf(release, "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 16)
}

// changesUser reports whether a program runs with more rights than whoever executes it has. The kernel withholds those from a traced process.
func changesUser(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	fi, err := os.Stat(real)
	if err != nil {
		return false
	}
	if fi.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
		return true
	}
	size, err := unix.Getxattr(real, "security.capability", nil)
	return err == nil && size > 0
}
