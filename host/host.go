package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Host runs the plugins of a folder. All methods may be called concurrently.
type Host struct {
	env      *environment
	registry *registry.Registry
	plugins  map[string]*Plugin  // does not change after Open
	requires map[string][]string // who waits for whom, by name
	closing  atomic.Bool         // by whoever called Close first
	closed   chan struct{}       // closed at its end
	closeErr error               // what it returns; set before closed is closed
}

// Open starts the plugins of a folder and returns when each one is ready or has failed. Its error is only about the host:
// what is wrong with a plugin stands in Failed. ctx ends the waiting, not the host; of its values handlers find theirs.
func Open(ctx context.Context, c Config) (*Host, error) {
	c.setDefaults()
	if err := c.setFolders(); err != nil {
		return nil, err
	}
	reg, err := scan(ctx, &c)
	if err != nil {
		return nil, err
	}
	h := &Host{registry: reg, plugins: make(map[string]*Plugin), requires: make(map[string][]string), closed: make(chan struct{})}
	if h.env, err = newEnvironment(context.WithValue(ctx, hostKey{}, h), &c); err != nil {
		return nil, fmt.Errorf("open host %s: %w", c.Name, err)
	}
	h.addChosen(&c)
	h.addOthers()
	h.logFindings()
	h.startAll()
	for _, p := range h.plugins {
		select {
		case <-p.settled:
		case <-ctx.Done():
			h.Close()
			return nil, fmt.Errorf("open host %s: %w", c.Name, context.Cause(ctx))
		}
	}
	return h, nil
}

func scan(ctx context.Context, c *Config) (*registry.Registry, error) {
	o := registry.Options{Path: c.searchPath(), HostName: c.Name, HostVersion: c.Version, AllowOutside: c.AllowOutside, Pins: map[string]string{}, Disabled: map[string]bool{}}
	for name, s := range c.Plugins {
		if s.Pin != "" {
			o.Pins[name] = s.Pin
		}
		if s.Disabled {
			o.Disabled[name] = true
		}
	}
	return registry.Scan(ctx, o)
}

// addChosen makes a handle for everything that is to run.
func (h *Host) addChosen(c *Config) {
	for _, e := range h.registry.Entries {
		s, err := newSpec(c, e)
		p := newPlugin(h.env, e.Name, s)
		if err != nil {
			p.never(Failed, "could not start", err)
		}
		h.plugins[e.Name] = p
		for _, d := range e.Requires {
			h.requires[e.Name] = append(h.requires[e.Name], d.Name)
		}
	}
}

// addOthers makes a handle for what is installed and cannot or shall not run.
func (h *Host) addOthers() {
	for _, c := range h.registry.Found {
		if _, known := h.plugins[c.Name]; known || c.Status == registry.Ignored || c.Status == registry.NoManifest {
			continue
		}
		p := newPlugin(h.env, c.Name, nil)
		if c.Status == registry.Disabled {
			p.never(Disabled, c.Reason, nil)
		} else {
			p.never(Failed, c.Reason, errors.New(h.registry.Explain(c.Name).String()))
		}
		h.plugins[c.Name] = p
	}
}

// logFindings says what a person should look at, though it keeps nothing from running.
func (h *Host) logFindings() {
	for _, e := range h.registry.Entries {
		for _, w := range e.Warnings {
			h.env.log().Warn("its manifest has a warning", "plugin", e.Name, "warning", w)
		}
	}
	for _, c := range h.registry.Found {
		if c.Status == registry.NoManifest {
			h.env.log().Warn("not a plugin yet", "name", c.Name, "reason", c.Reason)
		}
	}
}

// never ends a life that has no process.
func (p *Plugin) never(to State, reason string, err error) {
	p.move(to, reason, err)
	close(p.settled)
	close(p.done)
}

// startAll gives every plugin that can run its owner.
func (h *Host) startAll() {
	for _, e := range h.registry.Entries {
		p := h.plugins[e.Name]
		if p.over() {
			continue
		}
		var required []dependency
		for _, d := range e.Requires {
			required = append(required, dependency{plugin: h.plugins[d.Name], constraint: d.Constraint, optional: d.Optional})
		}
		p.begin("found in "+p.spec.installed, required)
	}
}

// over reports whether there is no process and never will be.
func (p *Plugin) over() bool { return isClosed(p.done) }

func limitsOf(l manifest.Limits) wire.Limits {
	return wire.Limits{Frame: int(l.Frame), Inflight: l.Inflight, Streams: l.Streams, StreamItems: l.StreamItems, StreamBytes: int(l.StreamBytes)}
}

// newSpec says what to launch for an entry of the registry.
func newSpec(c *Config, e registry.Entry) (*spec, error) {
	m, own := e.Manifest, c.Plugins[e.Name]
	s := &spec{
		name: e.Name, version: e.Version.String(), protocol: string(m.Protocol), description: m.Description, installed: e.Dir, warnings: e.Warnings, args: m.Args,
		env: buildEnv(slices.Concat(c.Env, m.Env.Allow), m.Env.Set), limits: limitsOf(m.Limits),
		tree: treeOf(e), timeouts: own.Timeouts.over(c.Timeouts).over(timeoutsOf(e)).over(defaultTimeouts).lifted(),
		middleware: slices.Concat(c.Middleware, own.Middleware), txID: c.TxID,
	}
	name := m.Serializer
	if own.Serializer != "" {
		name = own.Serializer
	}
	var err error
	if s.serializer, err = lookUp(name); err != nil {
		return s, fmt.Errorf("%s: %w", e.ManifestPath, err)
	}
	if err := s.checkProtocol(); err != nil {
		return s, fmt.Errorf("%s: %w", e.ManifestPath, err)
	}
	return s, nil
}

// lookUp returns a serializer that carries what connections send.
func lookUp(class string) (codec.Serializer, error) {
	s, err := codec.Lookup(class)
	if err == nil {
		err = wire.TrySerializer(s)
	}
	return s, err
}

// timeoutsOf is what a manifest says. There a limit of 0 is none, and a stop of 0 no waiting; in Timeouts 0 is what nobody set.
func timeoutsOf(e registry.Entry) Timeouts {
	t := e.Manifest.Timeouts
	return Timeouts{
		Start: first(time.Duration(t.Start), noLimit), Call: first(time.Duration(t.Call), noLimit), Drain: time.Duration(t.Drain),
		Stop: first(time.Duration(t.Stop), time.Nanosecond), HostConnect: first(time.Duration(t.HostConnect), noLimit),
	}
}

func treeOf(e registry.Entry) *store.Tree {
	if e.Lone {
		return &store.Tree{Root: filepath.Join(e.Dir, filepath.FromSlash(e.EntryRel)), SHA256: e.SHA256}
	}
	return &store.Tree{Root: e.Dir, Entry: e.EntryRel, SHA256: e.SHA256, Select: func(rel string) bool { return rel == e.EntryRel || e.Manifest.Selects(rel) }}
}

func joinSlash(dir, rel string) string { return filepath.Join(dir, filepath.FromSlash(rel)) }

// Plugin returns the handle of a plugin. It is never nil: calls to a name that is not installed fail with NotFound and name the nearest.
func (h *Host) Plugin(name string) *Plugin {
	if p, ok := h.plugins[name]; ok {
		return p
	}
	text := fmt.Sprintf("plugin %q is not installed in %s", name, h.folders())
	if near := nearest.Name(name, slices.Sorted(maps.Keys(h.plugins))); near != "" {
		text += fmt.Sprintf(": did you mean %q?", near)
	}
	p := newPlugin(h.env, name, nil)
	p.state, p.reason, p.err = Failed, text, &notInstalled{text}
	close(p.settled)
	close(p.done)
	return p
}

func (h *Host) folders() string {
	names := ""
	for i, f := range h.registry.Folders {
		if i > 0 {
			names += ", "
		}
		names += f.Path
	}
	return names
}

// Plugins returns the handles of all that is installed, also of what cannot run, by name.
func (h *Host) Plugins() []*Plugin {
	out := make([]*Plugin, 0, len(h.plugins))
	for _, name := range slices.Sorted(maps.Keys(h.plugins)) {
		out = append(out, h.plugins[name])
	}
	return out
}

// A Failure is a plugin that does not run, and why.
type Failure struct {
	Plugin string
	Err    error
}

// Failed lists the plugins that could not start, or ended by themselves with an error, by name.
func (h *Host) Failed() []Failure {
	var out []Failure
	for _, p := range h.Plugins() {
		p.mu.Lock()
		if p.state == Failed {
			out = append(out, Failure{p.name, p.err})
		}
		p.mu.Unlock()
	}
	return out
}

// Registry says what is installed and why what runs was chosen.
func (h *Host) Registry() *registry.Registry { return h.registry }

// Require waits until a plugin is ready, and checks that its version satisfies a semver constraint; an empty one is satisfied by every version.
func (h *Host) Require(ctx context.Context, name, constraint string) (*Plugin, error) {
	p := h.Plugin(name)
	if err := p.Ready(ctx); err != nil {
		return nil, err
	}
	e, _ := h.registry.Find(name)
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
func (h *Host) Close() error {
	if h.closing.CompareAndSwap(false, true) {
		var wg sync.WaitGroup
		for _, p := range h.plugins {
			wg.Go(func() { h.closeAfterDependents(p) })
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
		if _, err := e.store.Sweep(func(string) bool { return false }, keepCopies, -1); err != nil {
			e.log().Warn("old copies stay in the store", "error", err)
		}
	}
	return e.runtime.remove()
}

func (h *Host) closeAfterDependents(p *Plugin) {
	for name, requires := range h.requires {
		if slices.Contains(requires, p.name) {
			<-h.plugins[name].done
		}
	}
	p.Close()
}
