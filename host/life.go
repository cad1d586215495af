package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// begin gives the plugin its owner, a goroutine that ends with the plugin's life: Close asks it to end and waits for it.
func (p *Plugin) begin(reason string, required []dependency) {
	p.move(Starting, reason, nil)
	go p.live(required)
}

// live is the owner of a plugin's life: it launches it, waits for its end, and is the only one that moves its state.
func (p *Plugin) live(required []dependency) {
	defer p.finish()
	if err := p.awaitRequired(required); err != nil {
		p.settle(err)
		return
	}
	i, err := p.launch()
	if err != nil {
		p.settle(err)
		return
	}
	p.serving.Store(i)
	p.move(Ready, i.offers(), nil)
	close(p.settled)
	p.serve(i)
}

// serve waits for what ends an instance, and ends it. If several things have happened, what was asked for goes before what broke.
func (p *Plugin) serve(i *instance) {
	select {
	case <-p.asked.Done():
	case <-i.leaving:
	case <-i.conn.Done():
	case <-i.proc.Done():
	}
	switch {
	case p.asked.Err() != nil:
		p.stop(i, "the host asked it to stop")
	case isClosed(i.leaving):
		p.stop(i, "it asked to leave")
	default:
		p.crashed(i)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// finish says that nothing is left.
func (p *Plugin) finish() {
	if p.after != nil {
		p.after()
	}
	close(p.done)
}

// settle ends a life that never became ready.
func (p *Plugin) settle(err error) {
	if p.asked.Err() != nil {
		p.move(Stopped, "stopped while it was starting", nil)
	} else {
		p.move(Failed, "could not start: "+headline(err), err)
	}
	close(p.settled)
}

// headline is an error on one line, without the lines that a plugin wrote.
func headline(err error) string {
	var report *CrashReport
	if errors.As(err, &report) {
		return report.Summary()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	text, _, _ = strings.Cut(text, stderrFollows)
	return text
}

// launch waits for its turn and starts the process within the start time-out.
func (p *Plugin) launch() (*instance, error) {
	ctx, cancel := context.WithCancelCause(p.asked)
	defer cancel(nil)
	select {
	case p.env.launches <- struct{}{}:
		defer func() { <-p.env.launches }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	limit := p.spec.timeouts.Start
	ctx, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not ready within %s (timeouts.start)", limit))
	defer stop()
	p.mu.Lock()
	p.generation++
	generation := p.generation
	p.mu.Unlock()
	i, err := launch(ctx, p.env, p.spec, generation)
	p.mu.Lock()
	p.last = i
	p.mu.Unlock()
	return i, err
}

// stop ends a serving instance in order.
func (p *Plugin) stop(i *instance, reason string) {
	p.serving.Store(nil)
	p.move(Stopped, reason, nil)
	i.stop()
}

// crashed ends an instance that ended by itself.
func (p *Plugin) crashed(i *instance) {
	p.serving.Store(nil)
	report := i.bury("while it was serving")
	p.move(Failed, report.Summary(), report)
}

// move changes the state and tells everybody. Only the owner calls it.
func (p *Plugin) move(to State, reason string, err error) {
	p.mu.Lock()
	from := p.state
	mustAllow(p.name, from, to)
	p.state, p.reason, p.err, p.since = to, reason, err, time.Now()
	e := Event{Time: p.since, Plugin: p.name, Generation: p.generation, From: from, To: to, Reason: reason, Err: err}
	if p.last != nil && p.last.active() {
		e.PID = p.last.worker.PID
	}
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()

	if p.spec != nil {
		e.Version = p.spec.version
	}
	log := p.env.log().with("plugin", p.name)
	if err != nil {
		log.Error("plugin "+string(to), "reason", reason, "error", err)
	} else {
		log.Info("plugin "+string(to), "reason", reason, "version", e.Version, "pid", e.PID)
	}
	p.env.published(e)
}

// A dependency is a plugin that another one waits for.
type dependency struct {
	plugin     *Plugin
	constraint string
	optional   bool
}

// awaitRequired waits until all that is required has started. An optional one may fail.
func (p *Plugin) awaitRequired(required []dependency) error {
	for _, d := range required {
		select {
		case <-d.plugin.settled:
		case <-p.asked.Done():
			return errAskedToStop
		}
		if d.plugin.serving.Load() == nil && !d.optional {
			return fmt.Errorf("it requires %s %s, which is not running: %w", d.plugin.name, d.constraint, d.plugin.unavailable("start"))
		}
	}
	return nil
}
