package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is a job object that the process and its descendants belong to. A descendant that was started
// before the process was put into the job is not in it; that gap is a few microseconds long.
type group struct {
	mu  sync.Mutex     // guards job; held over one system call
	job windows.Handle // 0: released
}

func (g *group) sysProcAttr(*User) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true}
}

// started puts the process into a job; with shutdown the job ends when its last handle closes.
func (g *group) started(p *os.Process, shutdown bool) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return fmt.Errorf("create a job object: %w", err)
	}
	g.job = job
	if err := limitJob(job, shutdown); err != nil {
		return err
	}
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.Pid))
	if err != nil {
		return fmt.Errorf("open process %d: %w", p.Pid, err)
	}
	defer func() { _ = windows.CloseHandle(h) }()
	if err := windows.AssignProcessToJobObject(job, h); err != nil {
		return fmt.Errorf("put process %d into its job object: %w", p.Pid, err)
	}
	return nil
}

func limitJob(job windows.Handle, shutdown bool) error {
	if !shutdown {
		return nil
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return fmt.Errorf("limit the job object: %w", err)
	}
	return nil
}

// terminate: Windows has no request that every program understands.
func (g *group) terminate() error { return errors.ErrUnsupported }

func (g *group) kill() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.job == 0 {
		return nil
	}
	return windows.TerminateJobObject(g.job, 1)
}

func (g *group) leaderReaped() {}

// release closes the job; with shutdown that kills what is left in it.
func (g *group) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.job != 0 {
		_ = windows.CloseHandle(g.job)
	}
	g.job = 0
}

// find is not possible: this system does not tell in a portable way when a process was started.
func (g *group) find(Identity) error { return errors.ErrUnsupported }

func (g *group) leaderGone() bool { return true }

func startOf(int) string { return "" }
