package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-hotplug/hotplug/manifest"
)

// A dependency is a plugin that another one waits for.
type dependency struct {
	plugin     *Plugin
	constraint string
	optional   bool
}

// allows reports whether a version is one that is required.
func (d *dependency) allows(version string) bool {
	wanted, err := manifest.ParseConstraint(d.constraint)
	return err != nil || wanted.AllowsText(version) // the registry has parsed it before
}

// met is why a plugin cannot run with what there is of the other one now; nil: it can.
func (d *dependency) met(err error) error {
	if err != nil {
		return &unmetError{d.plugin.name, fmt.Sprintf("it requires %s %s, which is not running", d.plugin.name, d.constraint), err}
	}
	if v := d.plugin.version(); !d.allows(v) {
		return &unmetError{d.plugin.name, fmt.Sprintf("it requires %s %s: %s runs", d.plugin.name, d.constraint, v), nil}
	}
	return nil
}

// version is that of what answers calls, or, if nothing does, of what is to run.
func (p *Plugin) version() string {
	if i := p.serving.Load(); i != nil {
		return i.spec.version
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spec == nil {
		return ""
	}
	return p.spec.version
}

// An unmetError is why a plugin was not started: what it requires does not run.
type unmetError struct {
	requires string
	text     string
	cause    error // nil: that it is another version
}

func (e *unmetError) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

func (e *unmetError) Unwrap() error { return e.cause }

// awaitRequired waits until all that is required answers calls in a version that is allowed. An optional one may fail; one that is lazy is started
// by its first call. With patience, those that are about to become others are waited for, for as long as a start may take: what
// replaces an instance can wait.
func (p *Plugin) awaitRequired(s *spec, patience bool) error {
	ctx, done := p.whileWanted()
	defer done()
	if patience {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.timeouts.Start, tooLate(s.timeouts.Start))
		defer cancel()
	}
	for _, d := range s.required {
		err := d.await(ctx, patience)
		switch {
		case p.asked.Err() != nil:
			return errAskedToStop
		case errors.Is(context.Cause(ctx), errUnwanted):
			return errUnwanted
		case err != nil && !d.optional:
			return err
		}
	}
	return nil
}

// await is met, after a wait.
func (d *dependency) await(ctx context.Context, patience bool) error {
	if !patience {
		_, err := d.plugin.awaitStart(ctx)
		if err = d.met(err); err == nil || !d.plugin.wishes.open() {
			return err
		}
	}
	d.plugin.awaitSeen(ctx)
	_, err := d.plugin.awaitStart(ctx)
	return d.met(err)
}

// awaitSeen waits until the owner is done with all that was wished.
func (p *Plugin) awaitSeen(ctx context.Context) {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if !p.wishes.open() {
			return
		}
		select {
		case <-changed:
		case <-p.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// postpone notes what is to run as soon as a plugin does that it requires, if that is what err says.
func (l *life) postpone(s *spec, err error) {
	var unmet *unmetError
	if !errors.As(err, &unmet) {
		return
	}
	l.p.mu.Lock()
	l.p.postponed, l.p.requires = s, unmet.requires
	l.p.mu.Unlock()
	for _, d := range s.required { // it may have come up meanwhile, and reminded nobody
		if d.plugin.name == unmet.requires && d.plugin.serving.Load() != nil {
			l.p.remind(unmet.requires)
		}
	}
}

// remind has the owner look again at what waits for a plugin of this name.
func (p *Plugin) remind(name string) {
	p.mu.Lock()
	s := p.postponed
	waits := s != nil && p.requires == name
	p.mu.Unlock()
	if !waits {
		return
	}
	for _, d := range s.required {
		if d.plugin.name == name && d.met(nil) == nil {
			p.wishes.add(wish{spec: s, reason: name + ", which it requires, runs now", remind: true})
		}
	}
}

// wished takes the next wish; nil: none counts. Whatever it is, what was postponed is so no more.
func (l *life) wished() *wish {
	w := l.p.wishes.take()
	if w == nil {
		return nil
	}
	l.p.mu.Lock()
	waits := l.p.postponed
	if w.link == linkNone {
		l.p.postponed = nil
	}
	l.p.mu.Unlock()
	if w.remind && w.spec != waits {
		l.tell(nil)
		return nil
	}
	return w
}

// wakeDependents has the plugins that wait for this one look again.
func (h *Host) wakeDependents(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.plugins {
		p.remind(name)
	}
}
