package proc

import (
	"errors"
	"fmt"
	"time"
)

// An Identity names one process for as long as the system runs, also when its id has been given to another.
type Identity struct {
	PID     int    `json:"pid"`
	Started string `json:"started,omitempty"` // when, as the system counts; empty where it does not tell
	Group   string `json:"group,omitempty"`   // folder of the control group that holds it to its memory; empty: none
}

// ErrElsewhere is why there is no status of a process that Find has found.
var ErrElsewhere = errors.New("another host started it")

// ErrGone is the error of Find if there is no such process any more, whoever has its id now.
var ErrGone = errors.New("the process is gone")

// Find implements Starter.
func (osStarter) Find(id Identity) (Process, error) {
	if id.PID <= 0 || id.Started == "" {
		return nil, fmt.Errorf("find process %d: it is not known when it was started: %w", id.PID, errors.ErrUnsupported)
	}
	p := &process{plumbing: &plumbing{stdout: newOutput(nil), stderr: newOutput(nil)}, pid: id.PID, identity: id, done: make(chan struct{}), left: make(chan struct{})}
	p.exit.Started, p.fence.dir = time.Now(), id.Group
	if err := p.group.find(id); err != nil {
		return nil, fmt.Errorf("find process %d: %w", id.PID, err)
	}
	go p.awaitFound()
	return p, nil
}

// lookFound is how often it is looked whether a process that was found has ended.
const lookFound = 20 * time.Millisecond

// awaitFound waits for the end of a process that is no child of this one. It ends with that, or with Close.
func (p *process) awaitFound() {
	tick := time.NewTicker(lookFound)
	defer tick.Stop()
	for !p.group.leaderGone() {
		select {
		case <-tick.C:
		case <-p.left:
			return
		}
	}
	p.group.leaderReaped()
	p.exit = Exit{Code: -1, Started: p.exit.Started, Ended: time.Now(), OutOfMemory: p.fence.overrun(), Lost: ErrElsewhere}
	p.fence.remove()
	close(p.done)
}

// leave ends looking after a process that was found.
func (p *process) leave() {
	if p.left == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.left)
		p.group.release()
	}
}

func (p *process) Identity() Identity { return p.identity }
