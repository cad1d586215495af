package host

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// stop ends a serving instance in order: goodbye, what is in flight, its Stop hook and exit; else SIGTERM, else SIGKILL. A foreign worker
// knows no goodbye: see dismiss.
func (i *instance) stop() {
	i.part(rpc.Goodbye{Then: rpc.GoodbyeStop}, rpc.Unavailable, "the plugin is being stopped and the drain time-out has passed")
	i.quit()
}

// part says goodbye and lets what is in flight finish, within the drain time-out; what has not then ends for that reason, streams with
// that code.
func (i *instance) part(g rpc.Goodbye, streams rpc.Code, reason string) {
	i.asked.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), i.drainLimit())
	defer cancel()
	if err := i.conn.Goodbye(ctx, g); err != nil {
		i.log.Warn("goodbye could not be said", "reason", err.Error())
	}
	close(i.parted)
	err := i.drain(ctx)
	if err != nil && streams == rpc.Moved { // it has a successor, and calls that it still answers
		i.conn.MoveStreams(reason)
		err = i.drainCalls()
	}
	if err != nil {
		i.log.Warn("calls in flight are ended", "reason", err.Error())
		i.conn.CancelCalls(streams, reason)
		i.conn.CancelHandlers()
	}
}

// drainCalls lets calls in flight end at their own deadlines.
func (i *instance) drainCalls() error {
	latest, _ := i.conn.LatestDeadline()
	ctx, cancel := context.WithTimeout(context.Background(), min(time.Until(latest), maxDrain))
	defer cancel()
	return i.drain(ctx)
}

// quit ends the process of an instance that has parted.
func (i *instance) quit() {
	if i.spec.foreign() {
		i.dismiss()
	} else {
		i.awaitExit()
	}
	i.bury("")
}

// awaitExit waits for the end of a process that was told goodbye, and sends SIGTERM if it does not come.
func (p *process) awaitExit() {
	if !p.ended(p.spec.timeouts.Stop) {
		p.log.Warn("not gone in time, sending SIGTERM", "stop", p.spec.timeouts.Stop.String())
		_ = p.proc.Terminate()
		if !p.ended(termGrace) {
			p.log.Warn("not gone after SIGTERM, sending SIGKILL")
		}
	}
}

const (
	maxDrain      = 5 * time.Minute
	openEndedWait = 30 * time.Second // for calls that have no deadline, and notices
)

// drainLimit is how long what is in flight may still take: what is configured, else until its latest deadline.
func (i *instance) drainLimit() time.Duration {
	if i.spec.timeouts.Drain > 0 {
		return i.spec.timeouts.Drain
	}
	latest, bounded := i.conn.LatestDeadline()
	limit := time.Until(latest)
	if !bounded || i.conn.Stats().Unacknowledged > 0 {
		limit = max(limit, openEndedWait)
	}
	return max(lastWord, min(limit, maxDrain))
}

// lastWord is the least time in which frames that are queued already may leave.
const lastWord = time.Second

// termGrace is how long a process has between SIGTERM and SIGKILL.
const termGrace = time.Second

// drain waits until nothing is in flight between host and plugin, or the process has ended.
func (i *instance) drain(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-i.proc.Done():
			i.readRest()
			cancel()
		case <-stop:
		}
	}()
	err := i.conn.Drain(ctx)
	if err == nil {
		err = i.conn.AwaitNotices(ctx)
	}
	if !i.active() {
		return nil
	}
	return err
}

// restLimit is how long the host may take to read what a process wrote before it ended.
const restLimit = time.Second

// readRest waits until all that an ended process wrote is read: its last answers may be in the socket still. The end of file follows
// them at once, for nobody else has its end of the connection.
func (i *instance) readRest() {
	timer := time.NewTimer(restLimit)
	defer timer.Stop()
	select {
	case <-i.conn.Done():
	case <-timer.C:
	}
}

// ended waits for the process's end, for at most d.
func (p *process) ended(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.proc.Done():
		return true
	case <-timer.C:
		return !p.active()
	}
}

// buryGrace is how long a process that was killed may take to be reaped: it may be in the middle of a disk operation.
const buryGrace = 5 * time.Second

// bury makes sure that nothing is left of the instance, and reports how it ended.
func (i *instance) bury(phase string) *CrashReport {
	if phase != "" && i.active() { // it broke the connection: let it end by itself, for the sake of its last words
		i.ended(exitGrace)
	}
	report := &CrashReport{Worker: i.worker, Phase: phase, Killed: i.active()}
	if i.conn != nil {
		report.Cause = crashCause(i.conn.Err())
	}
	i.cleaned.Do(i.clean)
	report.Lost = i.lost()
	report.Stderr = i.lines.tail()
	report.Exit = "not reaped"
	if !i.active() {
		report.Exit, report.Code = i.proc.Exit().String(), i.proc.Exit().Code
		report.Memory = i.memoryNote()
	}
	return report
}

// lost is how many notices the plugin has not acknowledged. It is exact once all that the plugin wrote is read.
func (i *instance) lost() int {
	if i.conn == nil {
		return 0
	}
	return i.conn.Stats().Unacknowledged
}

// crashCause is what broke the connection, unless it merely ended. Where the other end had something left to read, the system calls that a reset.
func crashCause(err error) error {
	for _, end := range []error{rpc.ErrClosed, io.EOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return nil
		}
	}
	return brief(err)
}

func (i *instance) clean() {
	_ = i.proc.Kill() // the whole group, also when the leader is gone
	if !i.ended(buryGrace) {
		i.log.Error("the process does not end after SIGKILL")
	}
	if i.conn != nil {
		if !i.active() {
			i.readRest()
		}
		i.conn.Close()
	}
	i.lines.wait()
	i.proc.Close()
	os.Remove(i.socket)
	i.kept.remove()
	if i.active() {
		return
	}
	exit := i.proc.Exit()
	i.env.shutDown(i.worker, Shutdown{Duration: exit.Ended.Sub(exit.Started), Exit: exit.String(), Code: exit.Code, Asked: i.asked.Load(), Lost: i.lost()})
}
