package proctest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// ErrKilled is the cause of a Child's context when it was killed.
var ErrKilled = errors.New("killed")

// A Child is a fake process as its own function sees it.
type Child struct {
	// Spec is what it was started with, with a newline at the end of Startup.
	Spec proc.Spec
	PID  int
	// Stdout and Stderr block while 64 KiB wait to be read.
	Stdout, Stderr io.Writer

	ctx        context.Context
	terminated chan struct{}
	hostGone   chan struct{}
	die        func(proc.Exit)
}

// Context ends when the process is killed, with the cause ErrKilled, or has returned.
func (c *Child) Context() context.Context { return c.ctx }

// Terminated is closed by the first Terminate.
func (c *Child) Terminated() <-chan struct{} { return c.terminated }

// HostGone is closed by the Process's Close: the end of file on the lifeline.
func (c *Child) HostGone() <-chan struct{} { return c.hostGone }

// Die ends the process as a signal would: Die("SIGSEGV", true). The function should return afterwards.
func (c *Child) Die(signal string, core bool) {
	c.die(proc.Exit{Code: -1, Signal: signal, Core: core})
}

// Exit ends the process with a status at once, as os.Exit does. The function should return afterwards; what it returns does not count.
func (c *Child) Exit(code int) { c.die(proc.Exit{Code: code}) }

// Starter starts fake processes. Use New. Its methods may be called concurrently.
type Starter struct {
	run func(*Child) int

	mu      sync.Mutex // guards the fields below; never held while calling out
	err     error
	next    int
	started []*Process
	running sync.WaitGroup
}

// New makes a Starter each of whose processes runs the function and exits with what it returns.
func New(run func(*Child) int) *Starter { return &Starter{run: run, next: 1000} }

// Fail makes every later Start fail with err; nil ends that.
func (s *Starter) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Started is every process started so far, in order; those that have ended too.
func (s *Starter) Started() []*Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Process(nil), s.started...)
}

// Wait waits until the functions of all processes have returned. It does not end them.
func (s *Starter) Wait() { s.running.Wait() }

// Start implements proc.Starter.
func (s *Starter) Start(spec proc.Spec) (proc.Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, fmt.Errorf("start %s: %w", cmp.Or(spec.Source, spec.Path), s.err)
	}
	if n := len(spec.Startup); n > 0 && spec.Startup[n-1] != '\n' {
		spec.Startup = append(append([]byte(nil), spec.Startup...), '\n')
	}
	p := newProcess(spec, s.next)
	s.next++
	s.started = append(s.started, p)
	s.running.Go(func() { p.run(s.run) })
	return p, nil
}

// Find implements proc.Starter. What it returns is the Process that Start has returned: its Exit has a status, and what the first host has closed is closed.
func (s *Starter) Find(id proc.Identity) (proc.Process, error) {
	for _, p := range s.Started() {
		if p.Identity() == id && p.child.Context().Err() == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("find process %d: %w", id.PID, proc.ErrGone)
}

// run is the life of one process. The Starter owns its goroutine; Wait waits for it.
func (p *Process) run(f func(*Child) int) {
	defer func() {
		if r := recover(); r != nil {
			_, _ = fmt.Fprintf(p.child.Stderr, "panic: %v\n\n%s", r, debug.Stack())
			p.end(proc.Exit{Code: 2})
		}
	}()
	p.end(proc.Exit{Code: f(p.child)})
}
