package host

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/lockfile"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// A spec is what to launch, and how to keep it. It does not change once built.
type spec struct {
	name, version string // version is empty for a worker without a manifest
	description   string
	installed     string // folder in the plugins folder
	warnings      []string
	tree          *store.Tree     // what to copy and run; nil: run path as it is
	found         *lockfile.Found // what a lock file has to have, but for the copy; nil: it is not asked
	copied        *store.Copy     // the copy that was made of tree before, to run without looking at tree; nil: none
	path          string
	dir           string // working folder; empty: the copy
	args          []string
	env           []string
	setEnv        []string // what of it is not the host's own
	protocol      string   // empty: hotplug/1
	serializer    codec.Serializer
	timeouts      Timeouts
	middleware    []rpc.Middleware
	txID          rpc.TxID
	limits        wire.Limits
	permits       *permits // what it may call on its host
	around        confinement
	socket        string       // empty: one of the runtime folder
	required      []dependency // which start first

	lazy    bool
	idle    time.Duration // 0: never stopped for want of calls
	restart manifest.Restart
	reload  manifest.Reload
	health  manifest.Health

	disconnect manifest.Disconnect // no mode: shutdown
	config     json.RawMessage     // what its Configure hook gets; nil: an empty object
}

func (s *spec) identity() wire.Identity { return wire.Identity{Name: s.name, Version: s.version} }

// title is name and version, as texts say them.
func (s *spec) title() string { return s.identity().Title() }

// fingerprint names all that makes one process different from another: what differs besides is known to the host alone, or travels on the
// open connection. c is the copy that runs; nil: path as it is.
func (s *spec) fingerprint(c *store.Copy) string {
	what := s.path
	if c != nil {
		what = c.Hash
	}
	return fmt.Sprintf("%q", []any{what, s.dir, s.version, s.args, s.env, s.protocol, s.serializer.Name(), s.limits, s.around.print(), s.socket, s.disconnects()})
}

// lasting is the fingerprint without what the host's own environment gives: that may be another for each host.
func (s *spec) lasting(c *store.Copy) string {
	own := *s
	own.env = s.setEnv
	return own.fingerprint(c)
}

func (s *spec) sameConfig(next *spec) bool { return bytes.Equal(s.config, next.config) }

// pinned is s, to run the copy that is there, whatever the plugins folder holds by then.
func (s *spec) pinned(c *store.Copy) *spec {
	own := *s
	own.copied = c
	return &own
}

// newSpec says what to launch for an entry of the registry.
func newSpec(c *Config, e registry.Entry) (*spec, error) {
	m, own := e.Manifest, c.Plugins[e.Name]
	tree := lockfile.Tree(e)
	s := &spec{
		tree: &tree, name: e.Name, version: e.Version.String(), protocol: string(m.Protocol), description: m.Description, installed: e.Dir, warnings: e.Warnings, args: m.Args,
		limits:     own.Limits.caps(c.Limits.caps(limitsOf(m.Limits))),
		timeouts:   own.Timeouts.over(c.Timeouts).over(timeoutsOf(e)).over(defaultTimeouts).lifted(),
		middleware: slices.Concat(c.Middleware, own.Middleware), txID: c.TxID,
		lazy: m.Activation == manifest.ActivationLazy, idle: time.Duration(m.Idle), restart: m.Restart, reload: m.Reload, health: m.Health,
		config: configOf(m, own), disconnect: m.Disconnect, permits: permitsOf(c, e),
	}
	for name, value := range m.Env.Set {
		s.setEnv = append(s.setEnv, name+"="+value)
	}
	slices.Sort(s.setEnv)
	if own.Disconnect != nil {
		s.disconnect = *own.Disconnect
	}
	var err error
	if s.around, err = newConfinement(proc.Limits{Memory: int64(m.Limits.Memory), OpenFiles: m.Limits.OpenFiles}, own.Wrap, own.User); err != nil {
		return s, fmt.Errorf("plugin %q: %w", e.Name, err)
	}
	s.env = s.around.environ(buildEnv(slices.Concat(c.Env, m.Env.Allow)), s.setEnv)
	if s.serializer, err = lookUp(cmp.Or(own.Serializer, m.Serializer)); err != nil {
		return s, fmt.Errorf("%s: %w", e.ManifestPath, err)
	}
	if err := s.checkProtocol(); err != nil {
		return s, fmt.Errorf("%s: %w", e.ManifestPath, err)
	}
	if err := s.checkConfig(m, own); err != nil {
		return s, fmt.Errorf("%s: %w", e.ManifestPath, err)
	}
	return s, nil
}

// configOf is the host's own configuration of a plugin, or else its manifest's, with the members of an object laid over each other.
func configOf(m *manifest.Manifest, own Settings) json.RawMessage {
	if own.Config == nil {
		return m.Config.Default
	}
	var base, over map[string]json.RawMessage
	if json.Unmarshal(m.Config.Default, &base) != nil || json.Unmarshal(own.Config, &over) != nil || base == nil {
		return own.Config
	}
	maps.Copy(base, over)
	merged, err := json.Marshal(base)
	if err != nil {
		return own.Config
	}
	return merged
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

func joinSlash(dir, rel string) string { return filepath.Join(dir, filepath.FromSlash(rel)) }
