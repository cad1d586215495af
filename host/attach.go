package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// attachBudget is how long Open tries to come back to the processes that an earlier host has left, to all of them at once.
const attachBudget = 5 * time.Second

// goOn goes on with what an earlier host has left of a plugin, where that can be: else it is ended, and the plugin starts.
func (l *life) goOn(w *wish, left []*record) phase {
	l.heard = append(l.heard, w.heard...)
	l.adoptSpec(w.spec)
	l.p.move(Starting, "a process of it is there, which an earlier host has started", nil)
	return func() phase { return l.attaching(w, left) }
}

// attaching goes on with the process that answered calls. One that never did has not run its hooks, and one that had been replaced is not needed.
func (l *life) attaching(w *wish, left []*record) phase {
	for _, r := range left {
		l.p.setGeneration(r.Generation)
	}
	if best := left[0]; best.Serving {
		i, err := l.attach(best, w.spec)
		left = left[1:]
		if err == nil {
			for _, r := range left {
				l.endings.Go(func() { l.p.env.endLeft(r, w.spec) })
			}
			return l.attached(i, w)
		}
		l.p.env.log().Warn("a kept instance is not attached, it is started anew", "plugin", l.p.name, "reason", err.Error())
	}
	for _, r := range left {
		l.p.env.endLeft(r, w.spec)
	}
	return l.starting
}

// attached has a process answer calls that an earlier host has started.
func (l *life) attached(i *instance, w *wish) phase {
	changed := i.kept.record.Print != w.spec.lasting(l.copyOf(w.spec)) // looked at before anybody knows that this host is there, and changes more
	l.spec = i.spec
	l.adopt(i)
	l.p.move(Ready, fmt.Sprintf("re-attached to process %d, which an earlier host has started", i.worker.PID), nil)
	l.tell(nil)
	if changed { // no wish: it would come behind what was wished meanwhile
		return l.change(&wish{spec: w.spec, reason: "it was changed while no host ran"})
	}
	ctx, cancel := context.WithTimeout(l.p.asked, w.spec.timeouts.Start)
	defer cancel()
	if err := i.configure(ctx, w.spec); err != nil {
		return l.keep("its configuration was refused: "+headline(err), err)
	}
	return l.serving
}

// attach connects to a process that an earlier host has left. After an error nothing is left of it.
func (l *life) attach(r *record, next *spec) (*instance, error) {
	s, err := r.spec(next, l.copyOf(next))
	if err == nil {
		err = l.mayGoOn(r, next)
	}
	if err != nil {
		l.p.env.endLeft(r, next)
		return nil, err
	}
	i, err := l.p.env.find(r, s)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(l.p.asked, time.Until(l.p.env.attachBy), fmt.Errorf("no answer within %s", attachBudget))
	defer cancel()
	back, err := newInstance(i).again(ctx)
	if err == nil && r.Released { // its last host ended in the middle of a handoff
		if err = back.resume(ctx); err != nil {
			back.conn.Close()
		}
	}
	if err != nil {
		i.endUnconnected()
		newInstance(i).bury("")
		return nil, err
	}
	return back, nil
}

// find returns a process that an earlier host has left. One that is not found again, and so must not be signalled, is asked to leave.
func (e *environment) find(r *record, s *spec) (*process, error) {
	found, err := e.processes.Starter.Find(r.Process)
	if err != nil {
		if !errors.Is(err, proc.ErrGone) {
			e.askToLeave(r, s)
		}
		r.remove()
		return nil, err
	}
	k, err := reopenKept(r)
	if err != nil {
		_ = found.Kill()
		found.Close()
		r.remove()
		return nil, err
	}
	p := &process{
		env: e, spec: s, worker: Worker{Plugin: r.Plugin, Version: r.Version, Generation: r.Generation, PID: found.PID()},
		copied: r.Copy, socket: r.Startup.Socket, startup: r.Startup, proc: found, kept: k,
	}
	p.log = e.log().with("plugin", r.Plugin, "pid", p.worker.PID)
	stdout, stderr := k.streams(found, p.log)
	p.lines = follow(stdout, stderr, p.log)
	p.lines.recall(k.stderr.before())
	return p, nil
}

// endLeft ends what an earlier host has left of a plugin and nobody wants, in order if it can be.
func (e *environment) endLeft(r *record, like *spec) {
	s, err := r.spec(like, nil)
	if err != nil {
		s = &spec{name: r.Plugin, timeouts: defaultTimeouts, permits: &permits{plugin: r.Plugin}}
	}
	p, err := e.find(r, s)
	if err != nil {
		return
	}
	p.endUnconnected()
	newInstance(p).bury("")
}

// askToLeave says goodbye to a process of which nothing but its socket is known.
func (e *environment) askToLeave(r *record, s *spec) {
	ctx, cancel := context.WithDeadline(context.Background(), e.attachBy)
	defer cancel()
	c, err := e.processes.Dial(ctx, r.Startup.Socket)
	if err != nil {
		return
	}
	defer c.Close()
	i := newInstance(&process{env: e, spec: s, log: e.log().with("plugin", r.Plugin), startup: r.Startup})
	stream := wire.NewStream(c)
	if i.hello, err = i.handshake(ctx, stream); err != nil {
		return
	}
	i.conn = i.newConn(stream)
	defer i.conn.Close()
	_ = i.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyeStop})
	select {
	case <-i.conn.Done():
	case <-ctx.Done():
	}
}

// spec is what the process runs: next, if that has not changed since; else of next what does not make another process.
func (r *record) spec(next *spec, same *store.Copy) (*spec, error) {
	if next == nil {
		next = &spec{name: r.Plugin, timeouts: defaultTimeouts, permits: &permits{plugin: r.Plugin}}
	}
	s := *next
	s.copied = r.Copy
	if same != nil && r.Print == next.lasting(same) {
		return &s, nil
	}
	var err error
	s.version, s.args, s.dir, s.limits, s.protocol, s.socket = r.Version, r.Args, r.Dir, r.Startup.Limits, rpc.ProtocolHotplug, ""
	s.disconnect = manifest.Disconnect{Mode: manifest.DisconnectKeepAlive, Timeout: manifest.Duration(time.Duration(r.Startup.Disconnect.Timeout) * time.Millisecond)}
	s.serializer, err = lookUp(r.Startup.Serializer)
	return &s, err
}

// copyOf is the copy in the store that a spec is to run; nil: there is none, and starting it says why.
func (l *life) copyOf(s *spec) *store.Copy {
	c, err := l.p.env.copyOf(l.p.asked, s)
	if err != nil {
		return nil
	}
	return c
}

func (p *Plugin) setGeneration(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.generation = max(p.generation, n)
}

// endStrangers ends what an earlier host has left of plugins that are not installed any more.
func (h *Host) endStrangers(reg *registry.Registry) {
	here := installed(reg)
	var all sync.WaitGroup
	defer all.Wait()
	for name, left := range h.env.left {
		if slices.Contains(here, name) {
			continue
		}
		for _, r := range left {
			all.Go(func() { h.env.endLeft(r, nil) })
		}
	}
}
