package host

import (
	"context"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

// watch keeps what runs as the plugins folders say, until the host is closed.
func (h *Host) watch() {
	if !h.config.Watch {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.unwatch = cancel
	o := h.config.WatchOptions
	o.Logger, o.Also, o.Since = h.env.log(), slices.Concat(o.Also, h.env.locked.also()), h.Registry()
	o.Disabled = func() map[string]bool { return h.options().Disabled }
	h.watching.Go(func() {
		if err := registry.Watch(ctx, h.options(), o, h.reconcile); err != nil && ctx.Err() == nil {
			h.env.log().Error("the plugins folders are not watched any more", "error", err)
		}
	})
}

// reconcile sees to what has changed in the plugins folders. It waits for no plugin.
func (h *Host) reconcile(reg *registry.Registry) {
	h.mu.Lock()
	changes := registry.Changes(h.registry, reg)
	h.registry = reg
	h.mu.Unlock()
	for _, c := range changes { // handles first, for those that others require
		h.handle(c.Name)
	}
	for _, c := range requiredFirst(reg, changes) {
		h.see(reg, c)
	}
	h.relock(reg)
}

// requiredFirst orders changes so that who requires something finds that it is about to become another.
func requiredFirst(reg *registry.Registry, changes []registry.Change) []registry.Change {
	level := make(map[string]int)
	for n, entries := range reg.Order() {
		for _, e := range entries {
			level[e.Name] = n
		}
	}
	slices.SortStableFunc(changes, func(a, b registry.Change) int { return level[a.Name] - level[b.Name] })
	return changes
}

// see tells the owner of a plugin what has become of it.
func (h *Host) see(reg *registry.Registry, c registry.Change) {
	p := h.handle(c.Name)
	if p.knowsBetter(reg.Looked) || h.isOff(c.Name) && c.Kind != registry.ChangeRemoved {
		return
	}
	w := h.wishFor(reg, c.Name)
	if w.spec != nil || w.rest == Stopped {
		w.reason = c.Reason
	}
	p.send(w)
}

func (p *Plugin) lookedAt(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looked = t
}

// knowsBetter reports whether somebody has looked since. What a watch hands over has been there for a while when it looked: a later look, such as that of
// Reload, has seen it, or what came after it, which the watch will tell, too.
func (p *Plugin) knowsBetter(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return t.Before(p.looked)
}

// lookAgainBehind has plugins that could not run because this one was disabled become what the plugins folders say.
func (h *Host) lookAgainBehind(ctx context.Context, name string) {
	reg, err := registry.Scan(ctx, h.options())
	if err != nil {
		h.env.log().Warn("the plugins that require another one were not looked at", "plugin", name, "error", err)
		return
	}
	for _, e := range reg.Entries {
		requires := slices.ContainsFunc(e.Requires, func(d registry.Dependency) bool { return d.Name == name })
		if p := h.handle(e.Name); requires && !h.isOff(e.Name) && p.failure() != nil {
			w := h.wishFor(reg, e.Name)
			w.reason = name + ", which it requires, was enabled"
			p.send(w)
		}
	}
}

// switchOff notes that a plugin is, or is not, to run.
func (h *Host) switchOff(name string, off bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled[name] = off
}

func (h *Host) isOff(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.disabled[name]
}
