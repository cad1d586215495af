package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Host runs the plugins of a folder. All methods may be called concurrently.
type Host struct {
	env      *environment
	config   Config
	watching sync.WaitGroup     // the goroutine that reconciles
	unwatch  context.CancelFunc // ends it

	closing  atomic.Bool   // by whoever called Close first
	closed   chan struct{} // closed at its end
	closeErr error         // what it returns; set before closed is closed

	mu       sync.Mutex // guards all below; never held while calling out
	registry *registry.Registry
	plugins  map[string]*Plugin // all that is or was installed
	disabled map[string]bool    // what Disable and Enable said
}

// Open starts the plugins of a folder and returns when each one is ready or has failed. Its error is only about the host:
// what is wrong with a plugin stands in Failed. A
// *StateInUseError says that another host has the state folder. ctx ends the waiting, not the host; of its values handlers find theirs.
func Open(ctx context.Context, c Config) (*Host, error) {
	c.setDefaults()
	if err := c.setFolders(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.checkGrants(), c.checkLimits()); err != nil {
		return nil, err
	}
	h := &Host{config: c, plugins: make(map[string]*Plugin), disabled: make(map[string]bool), closed: make(chan struct{})}
	reg, err := registry.Scan(ctx, h.options())
	if err != nil {
		return nil, err
	}
	if h.env, err = newEnvironment(context.WithValue(ctx, hostKey{}, h), &c); err != nil {
		return nil, fmt.Errorf("open host %s: %w", c.Name, err)
	}
	h.startAll(reg)
	h.opening()
	h.endStrangers(reg)
	for _, p := range h.Plugins() {
		select {
		case <-p.settled:
		case <-ctx.Done():
			h.Close()
			return nil, fmt.Errorf("open host %s: %w", c.Name, context.Cause(ctx))
		}
	}
	h.env.saveDigests()
	h.watch()
	return h, nil
}

// options are what to look for in the plugins folders.
func (h *Host) options() registry.Options {
	c := &h.config
	o := registry.Options{Path: c.searchPath(), HostName: c.Name, HostVersion: c.Version, AllowOutside: c.AllowOutside, Pins: map[string]string{}, Disabled: map[string]bool{}}
	for name, s := range c.Plugins {
		if s.Pin != "" {
			o.Pins[name] = s.Pin
		}
		if s.Disabled {
			o.Disabled[name] = true
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.Copy(o.Disabled, h.disabled)
	return o
}

// startAll gives every plugin its owner, the first time.
func (h *Host) startAll(reg *registry.Registry) {
	h.mu.Lock()
	h.registry = reg
	h.mu.Unlock()
	for _, name := range installed(reg) {
		h.handle(name)
	}
	for _, name := range installed(reg) {
		h.handle(name).send(h.wishFor(reg, name))
	}
	h.logFindings(reg)
}

// installed are the names of all that is a plugin, whether it can run or not, in order.
func installed(reg *registry.Registry) []string {
	var names []string
	for _, c := range reg.Found {
		if c.Status != registry.Ignored && c.Status != registry.NoManifest && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// handle is the plugin of a name, which is or was installed. It is made if it is not there; its first wish gives it its owner.
func (h *Host) handle(name string) *Plugin {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.plugins[name]
	if p == nil {
		p = newPlugin(h.env, name)
		p.find = func(ctx context.Context) (wish, error) { return h.look(ctx, name) }
		p.readied = func() { h.wakeDependents(name) }
		p.enabled = func(ctx context.Context) { h.lookAgainBehind(ctx, name) }
		p.disable = func(off bool) { h.switchOff(name, off) }
		h.plugins[name] = p
	}
	return p
}

// look scans the plugins folders for one plugin.
func (h *Host) look(ctx context.Context, name string) (wish, error) {
	reg, err := registry.Scan(ctx, h.options())
	if err != nil {
		return wish{}, err
	}
	h.handle(name).lookedAt(reg.Looked)
	return h.wishFor(reg, name), nil
}

// wishFor is what a plugin is to be, as the plugins folders say.
func (h *Host) wishFor(reg *registry.Registry, name string) wish {
	if e, chosen := reg.Find(name); chosen {
		s, err := newSpec(&h.config, e)
		if err != nil {
			return wish{rest: Failed, reason: headline(err), err: err}
		}
		s.found = h.env.locked.found(e)
		for _, d := range e.Requires {
			s.required = append(s.required, dependency{plugin: h.handle(d.Name), constraint: d.Constraint, optional: d.Optional})
		}
		return wish{spec: s, reason: "found in " + e.Dir}
	}
	for _, c := range reg.Found {
		switch {
		case c.Name != name || c.Status == registry.Ignored || c.Status == registry.NoManifest:
		case c.Status == registry.Disabled:
			return wish{rest: Disabled, reason: c.Reason}
		default:
			return wish{rest: Failed, reason: c.Reason, err: errors.New(reg.Explain(name).String())}
		}
	}
	return wish{rest: Stopped, reason: "it is not installed any more"}
}

// logFindings says what a person should look at, though it keeps nothing from running.
func (h *Host) logFindings(reg *registry.Registry) {
	for _, e := range reg.Entries {
		for _, w := range e.Warnings {
			h.env.log().Warn("its manifest has a warning", "plugin", e.Name, "warning", w)
		}
	}
	for _, c := range reg.Found {
		if c.Status == registry.NoManifest {
			h.env.log().Warn("not a plugin yet", "name", c.Name, "reason", c.Reason)
		}
	}
}

// Plugin returns the handle of a plugin. It is never nil: calls to a name that is not installed fail with NotFound and name the nearest, until it is
// installed.
func (h *Host) Plugin(name string) *Plugin {
	if p := h.known(name); p != nil {
		return p
	}
	h.mu.Lock()
	text := fmt.Sprintf("plugin %q is not installed in %s", name, folders(h.registry))
	if near := nearest.Name(name, slices.Sorted(maps.Keys(h.plugins))); near != "" {
		text += fmt.Sprintf(": did you mean %q?", near)
	}
	h.mu.Unlock()
	p := newPlugin(h.env, name)
	p.lookup = func() *Plugin { return h.known(name) }
	p.find = func(context.Context) (wish, error) { return wish{}, &notInstalled{text} }
	p.state, p.reason, p.err = Failed, text, &notInstalled{text}
	p.settle()
	p.own()
	close(p.done)
	return p
}

// known is the plugin of a name, if it was ever installed.
func (h *Host) known(name string) *Plugin {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.plugins[name]
}

func folders(reg *registry.Registry) string {
	names := ""
	for i, f := range reg.Folders {
		if i > 0 {
			names += ", "
		}
		names += f.Path
	}
	return names
}

// Plugins returns the handles of all that is installed, also of what cannot run, by name.
func (h *Host) Plugins() []*Plugin {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*Plugin
	for _, name := range slices.Sorted(slices.Values(installed(h.registry))) {
		if p := h.plugins[name]; p != nil {
			out = append(out, p)
		}
	}
	return out
}

// A Failure is a plugin that does not run, and why.
type Failure struct {
	Plugin string
	Err    error
}

// Failed lists the plugins that are not running because something went wrong, by name: those that could not start, or ended by themselves with an
// error, also if they will be started again in a moment.
func (h *Host) Failed() []Failure {
	var out []Failure
	for _, p := range h.Plugins() {
		p.mu.Lock()
		if p.state == Failed || p.state == Quarantined || p.state == Backoff {
			out = append(out, Failure{p.name, p.err})
		}
		p.mu.Unlock()
	}
	return out
}

// Registry says what is installed and why what runs was chosen.
func (h *Host) Registry() *registry.Registry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registry
}

// Require waits until a plugin is ready, and checks that its version satisfies a semver constraint; an empty one is satisfied by every version.
func (h *Host) Require(ctx context.Context, name, constraint string) (*Plugin, error) {
	p := h.Plugin(name)
	if err := p.Ready(ctx); err != nil {
		return nil, err
	}
	e, _ := h.Registry().Find(name)
	wanted, err := manifest.ParseConstraint(constraint)
	if err != nil {
		return nil, fmt.Errorf("require %s: %w", name, err)
	}
	if !wanted.Allows(e.Version) {
		return nil, rpc.Errorf(rpc.NotFound, "plugin %q %s is installed, %s is required: install a version that satisfies it", name, e.Version, constraint)
	}
	return p, nil
}

// Close stops all plugins, those that others require last, and returns when nothing of the host is left but its store. Closing twice is no error.
func (h *Host) Close() error { return h.end(errAskedToStop) }

// end is Close and Detach: cause says which.
func (h *Host) end(cause error) error {
	if h.closing.CompareAndSwap(false, true) {
		if h.unwatch != nil {
			h.unwatch()
		}
		h.watching.Wait()
		h.mu.Lock()
		all := slices.Collect(maps.Values(h.plugins))
		h.mu.Unlock()
		var wg sync.WaitGroup
		for _, p := range all {
			wg.Go(func() { h.closeAfterDependents(p, cause) })
		}
		wg.Wait()
		h.closeErr = h.env.close()
		close(h.closed)
	}
	<-h.closed
	return h.closeErr
}

// keepCopies is how long the store keeps a copy that nothing has launched.
const keepCopies = 30 * 24 * time.Hour

func (e *environment) close() error {
	e.events.close()
	if e.store != nil {
		e.saveDigests()
		if _, err := e.store.Sweep(e.kept(), keepCopies, -1); err != nil {
			e.log().Warn("old copies stay in the store", "error", err)
		}
	}
	if e.held != nil {
		os.Remove(e.sockets) // if nobody was left
		defer e.held.Close() // the last thing: the next host may come
	}
	return e.runtime.remove()
}

// saveDigests spares the next host the reading of what has not changed. It is done when all plugins run, too: a host may be killed.
func (e *environment) saveDigests() {
	if err := e.store.Save(); err != nil {
		e.log().Warn("the next host has to read every file of its plugins again", "error", err)
	}
}

func (h *Host) closeAfterDependents(p *Plugin, cause error) {
	for _, e := range h.Registry().Entries {
		for _, d := range e.Requires {
			if dependent := h.known(e.Name); d.Name == p.name && dependent != nil {
				<-dependent.done
			}
		}
	}
	p.ask(cause)
	if p.own() { // others require it, and nobody has wished anything of it yet
		close(p.done)
	}
	<-p.done
}
