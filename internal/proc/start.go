package proc

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	busyTries = 100              // of "text file busy"
	busyDelay = time.Millisecond // between two of them
)

type osStarter struct{}

func (osStarter) Start(spec Spec) (Process, error) {
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.named(), err)
	}
	pl, err := newPlumbing(spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: make its pipes: %w", spec.named(), explainShortage(err))
	}
	p := &process{plumbing: pl, done: make(chan struct{})}
	if err := p.start(spec); err != nil {
		pl.closeAll()
		p.group.release()
		return nil, fmt.Errorf("start %s: %w", spec.named(), err)
	}
	go p.reap()
	return p, nil
}

// named is the file as errors name it.
func (s Spec) named() string { return cmp.Or(s.Source, s.Path) }

func (s Spec) check() error {
	if err := s.User.check(); err != nil {
		return err
	}
	switch {
	case s.Path == "":
		return fmt.Errorf("Spec.Path is empty: name the file to execute")
	case len(startupLine(s.Startup)) > MaxStartup:
		return fmt.Errorf("the start-up line has %d bytes, at most %d fit: shorten what it carries",
			len(startupLine(s.Startup)), MaxStartup)
	case bytes.IndexByte(bytes.TrimSuffix(s.Startup, []byte("\n")), '\n') >= 0:
		return fmt.Errorf("the start-up data has a newline inside, it has to be one line: encode it without")
	}
	return nil
}

// startupLine ends data with a newline if there is any data.
func startupLine(data []byte) []byte {
	if len(data) == 0 || data[len(data)-1] == '\n' {
		return data
	}
	return append(slices.Clip(data), '\n')
}

// env is the environment with StartupEnv set, and with one entry per key.
func (s Spec) env() []string {
	env := slices.Clone(s.Env)
	if len(s.Startup) > 0 {
		env = append(env, StartupEnv+"="+startupEnvValue(s.Startup))
	}
	last := make(map[string]int, len(env))
	for i, kv := range env {
		last[envKey(kv)] = i
	}
	kept := make([]string, 0, len(env)) // never nil: os.StartProcess would give it the host's
	for i, kv := range env {
		if last[envKey(kv)] == i {
			kept = append(kept, kv)
		}
	}
	return kept
}

func envKey(kv string) string {
	key, _, _ := strings.Cut(kv, "=")
	return key
}

// process is a Process of the operating system.
type process struct {
	*plumbing
	pid   int
	os    *os.Process
	group group
	fence fence
	exit  Exit          // written by reap before it closes done
	done  chan struct{} // closed by reap

	identity Identity
	left     chan struct{} // closed by leave; nil: a child of this process

	shutdown bool        // it ends with its host
	goesOn   atomic.Bool // it did not end, and need not, when this host closed it

	mu     sync.Mutex // guards closed and reaped: whichever comes second releases the group
	closed bool
	reaped bool
}

// start runs the file and arms its lifeline. On error nothing of it runs any longer.
func (p *process) start(spec Spec) error {
	p.exit.Started = time.Now()
	attr := &os.ProcAttr{Dir: spec.Dir, Env: spec.env(), Files: p.child, Sys: p.group.sysProcAttr(spec.User)}
	p.fence.make(spec.Limits.Memory, attr.Sys, spec.log())
	started, err := p.fence.launch(spec, attr)
	if err != nil && p.fence.giveUp(attr.Sys) {
		started, err = p.fence.launch(spec, attr)
	}
	p.fence.started()
	if err != nil {
		return explainStart(spec, err)
	}
	p.os, p.pid = started, started.Pid
	p.shutdown = spec.Shutdown
	p.identity = Identity{PID: p.pid, Started: startOf(p.pid), Group: p.fence.dir} // also if it has ended: it is not reaped yet
	err = p.group.started(started, spec.Shutdown)
	if err == nil && spec.Shutdown {
		err = armLifeline(p.lifelineRead, p.pid)
	}
	if err != nil {
		_ = started.Kill()
		_, _ = started.Wait()
		p.fence.remove()
		return err
	}
	p.closeLent()
	return nil
}

// startNotBusy waits out "text file busy": another goroutine of this process that was forking while a
// copy was written made a child that holds the copy open for the moment until it execs.
func startNotBusy(spec Spec, attr *os.ProcAttr) (p *os.Process, err error) {
	argv := append([]string{spec.Path}, spec.Args...)
	for range busyTries {
		p, err = os.StartProcess(spec.Path, argv, attr)
		if err == nil || !isBusy(err) {
			return p, err
		}
		time.Sleep(busyDelay)
	}
	return nil, err
}

// reap waits for the leader. It is the only one that does, and it ends with the leader.
func (p *process) reap() {
	exit := Exit{Started: p.exit.Started}
	state, err := p.os.Wait()
	exit.Ended = time.Now()
	if err != nil {
		exit.Code, exit.Lost = -1, err
	} else {
		exit.readStatus(state)
	}
	exit.OutOfMemory = p.fence.overrun()
	p.group.leaderReaped()
	p.stdout.leaderEnded()
	p.stderr.leaderEnded()
	p.exit = exit
	close(p.done)
	p.settle(&p.reaped)
}

func (p *process) PID() int              { return p.pid }
func (p *process) Stdout() io.ReadCloser { return p.stdout }
func (p *process) Stderr() io.ReadCloser { return p.stderr }
func (p *process) Terminate() error      { return p.group.terminate() }
func (p *process) Kill() error           { return p.group.kill() }
func (p *process) Done() <-chan struct{} { return p.done }
func (p *process) Unkept() []error       { return p.fence.unkept }

// Usage implements Process. Until the leader is reaped nobody else has its id.
func (p *process) Usage() (Usage, bool) {
	select {
	case <-p.done:
		return Usage{}, false
	default:
		return usageOf(p.pid)
	}
}

func (p *process) Exit() Exit {
	select {
	case <-p.done:
		return p.exit
	default:
		return Exit{}
	}
}

func (p *process) Close() {
	if p.left != nil {
		p.leave()
		return
	}
	p.closeHostEnds()
	select {
	case <-p.done:
	default:
		p.goesOn.Store(!p.shutdown)
	}
	p.settle(&p.closed)
}

// settle records that one of the two ends of a process's life was reached, and releases its group when
// both were.
func (p *process) settle(which *bool) {
	p.mu.Lock()
	settled := p.closed && p.reaped
	*which = true
	over := p.closed && p.reaped && !settled
	p.mu.Unlock()
	if !over {
		return
	}
	p.group.release()
	if !p.goesOn.Load() { // else what is left of it is another host's
		p.fence.remove()
	}
}
