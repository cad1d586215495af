package proctest

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// Process is a fake process as its host sees it.
type Process struct {
	child          *Child
	stdout, stderr *pipe
	cancel         context.CancelCauseFunc
	done           chan struct{} // closed by end
	files          []*os.File    // of its own

	mu         sync.Mutex // guards the fields below
	exit       proc.Exit
	ended      bool
	terminates int
	kills      int
	closed     bool
}

var _ proc.Process = (*Process)(nil)

// Unkept implements proc.Process: a fake process has no limits.
func (p *Process) Unkept() []error { return nil }

// Usage implements proc.Process: a fake process takes nothing.
func (p *Process) Usage() (proc.Usage, bool) { return proc.Usage{}, false }

func newProcess(spec proc.Spec, pid int) *Process {
	p := &Process{stdout: newPipe(), stderr: newPipe(), done: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(context.Background())
	p.cancel = cancel
	p.exit.Started = time.Now()
	p.child = &Child{
		Spec: spec, PID: pid, Stdout: p.stdout, Stderr: p.stderr, ctx: ctx, die: p.end,
		terminated: make(chan struct{}), hostGone: make(chan struct{}),
	}
	if spec.StdoutFile != nil {
		p.child.Stdout = p.own(spec.StdoutFile)
		p.stdout.closeWrite()
	}
	if spec.StderrFile != nil {
		p.child.Stderr = p.own(spec.StderrFile)
		p.stderr.closeWrite()
	}
	return p
}

// own opens a file again, as a process has a descriptor of its own: the host may close its.
func (p *Process) own(f *os.File) io.Writer {
	again, err := os.OpenFile(f.Name(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return f
	}
	p.files = append(p.files, again)
	return again
}

// end ends the process; only the first call counts.
func (p *Process) end(exit proc.Exit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	exit.Started, exit.Ended = p.exit.Started, time.Now()
	p.exit = exit
	p.cancel(ErrKilled)
	p.stdout.closeWrite()
	p.stderr.closeWrite()
	for _, f := range p.files {
		f.Close()
	}
	close(p.done)
}

// Spec is what the process was started with.
func (p *Process) Spec() proc.Spec { return p.child.Spec }

// PID implements proc.Process; fake ids count from 1000.
func (p *Process) PID() int { return p.child.PID }

// Identity implements proc.Process.
func (p *Process) Identity() proc.Identity {
	return proc.Identity{PID: p.child.PID, Started: "fake"}
}

// Stdout implements proc.Process.
func (p *Process) Stdout() io.ReadCloser { return p.stdout }

// Stderr implements proc.Process.
func (p *Process) Stderr() io.ReadCloser { return p.stderr }

// Done implements proc.Process.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit implements proc.Process.
func (p *Process) Exit() proc.Exit {
	select {
	case <-p.done:
		return p.exit
	default:
		return proc.Exit{}
	}
}

// Terminate implements proc.Process.
func (p *Process) Terminate() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.terminates++
	if p.terminates == 1 {
		close(p.child.terminated)
	}
	return nil
}

// Kill implements proc.Process.
func (p *Process) Kill() error {
	p.mu.Lock()
	p.kills++
	p.mu.Unlock()
	p.end(proc.Exit{Code: -1, Signal: "SIGKILL"})
	return nil
}

// Close implements proc.Process.
func (p *Process) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		close(p.child.hostGone)
	}
	if p.child.Spec.Shutdown {
		p.end(proc.Exit{Code: -1, Signal: "SIGKILL"})
	}
	_ = p.stdout.Close()
	_ = p.stderr.Close()
}

// Signals counts the calls of Terminate and Kill.
func (p *Process) Signals() (terminates, kills int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.terminates, p.kills
}

// Closed reports whether Close was called.
func (p *Process) Closed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
