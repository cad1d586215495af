package host

import (
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// move changes the state and tells everybody. Only the owner calls it.
func (p *Plugin) move(to State, reason string, err error) {
	p.mu.Lock()
	from := p.state
	mustAllow(p.name, from, to)
	p.state, p.reason, p.err, p.since = to, reason, err, time.Now()
	e := Event{Time: p.since, Plugin: p.name, Generation: p.generation, From: from, To: to, Reason: reason, Err: err}
	if p.spec != nil {
		e.Version = p.spec.version
	}
	if p.last != nil && p.last.active() {
		e.PID, e.Generation = p.last.worker.PID, p.last.worker.Generation
	}
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()

	log := p.env.log().with("plugin", p.name)
	if err != nil {
		log.Error("plugin "+string(to), "reason", reason, "error", err)
	} else {
		log.Info("plugin "+string(to), "reason", reason, "version", e.Version, "pid", e.PID)
	}
	p.env.published(e)
	if to == Ready && p.readied != nil {
		p.readied()
	}
}

// again is move to the same state, with another reason.
func (p *Plugin) again(reason string, err error) {
	p.mu.Lock()
	state := p.state
	p.mu.Unlock()
	p.move(state, reason, err)
}

// poke has those who wait for a move look again.
func (p *Plugin) poke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

// latest notes an instance for Status.
func (p *Plugin) latest(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = i
}

// publish notes what is to run for Status, and whoever calls.
func (p *Plugin) publish(s *spec) {
	p.mu.Lock()
	p.spec = s
	p.mu.Unlock()
	if r := p.calls.Load(); r == nil || s.timeouts.Call != r.timeout {
		p.calls.Store(&caller{Retrier: rpc.NewRetrier(p.pick, s.timeouts.Call), timeout: s.timeouts.Call})
	}
}

// failure is why the plugin does not run; nil if there is no error.
func (p *Plugin) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Plugin) is(s State) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == s
}

func (p *Plugin) nextGeneration() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.generation++
	return p.generation
}
