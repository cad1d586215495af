package registry

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/go-hotplug/hotplug/manifest"
)

// Options say where to look and what the host allows.
type Options struct {
	// Path is the search path: plugins folders, of which an earlier one wins between equal versions. At least one.
	Path []string
	// HostName is the name of the application, for texts. Default "host".
	HostName string
	// HostVersion is the semantic version that manifests' "host" constraint is held against. Empty: not checked.
	HostVersion string
	// Pins narrow a plugin to a version or a semver constraint, by name.
	Pins map[string]string
	// Disabled are the names of plugins that are not to be used.
	Disabled map[string]bool
	// AllowOutside lets entries lie outside of their folder by way of a symbolic link. For development.
	AllowOutside bool
}

// Scan looks at the folders once and chooses. The error is about the options, ctx, or a search path of which no folder could
// be read; what is wrong with one folder or one plugin stands in the Registry.
func Scan(ctx context.Context, o Options) (*Registry, error) {
	rules, err := newPolicy(o)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	var folders []Folder
	var found []*Candidate
	for _, dir := range o.Path {
		cs, err := scanFolder(ctx, dir, rules)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("scan plugins folder %s: %w", dir, ctx.Err())
		}
		folders = append(folders, Folder{Path: dir, Err: err})
		found = append(found, cs...)
	}
	if err := allUnreadable(folders); err != nil {
		return nil, err
	}
	reg := choose(folders, found, rules)
	reg.Looked = begun
	return reg, nil
}

// choose makes a registry of what was found, which it completes.
func choose(folders []Folder, found []*Candidate, rules *policy) *Registry {
	newResolver(found, rules).resolve()
	reg := &Registry{Folders: folders}
	reg.fill(found)
	return reg
}

// allUnreadable is the error of a search path that leads nowhere.
func allUnreadable(folders []Folder) error {
	var errs []error
	for _, f := range folders {
		if f.Err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("read plugins folder %s: %w", f.Path, f.Err))
	}
	return errors.Join(errs...)
}

// fill sorts what was found into the registry.
func (r *Registry) fill(found []*Candidate) {
	slices.SortStableFunc(found, func(a, b *Candidate) int {
		if c := compareNames(a.Name, b.Name); c != 0 {
			return c
		}
		return compareVersions(b.Version, a.Version)
	})
	for _, c := range found {
		r.Found = append(r.Found, *c)
		if c.Status == Chosen {
			e := c.Entry
			e.ground = nil
			r.Entries = append(r.Entries, e)
		}
	}
}

func compareNames(a, b string) int { return strings.Compare(a, b) }

// compareVersions orders by precedence; no version is lower than any.
func compareVersions(a, b *semver.Version) int {
	if a == nil || b == nil {
		return boolInt(a != nil) - boolInt(b != nil)
	}
	return a.Compare(b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// policy is Options, checked.
type policy struct {
	hostName     string
	hostVersion  *semver.Version // nil: not checked
	pins         map[string]manifest.Constraint
	disabled     map[string]bool
	allowOutside bool
	goos, goarch string
}

func newPolicy(o Options) (*policy, error) {
	if len(o.Path) == 0 {
		return nil, errors.New("scan plugins: the search path is empty, want at least one plugins folder")
	}
	p := &policy{
		hostName: o.HostName, disabled: o.Disabled, allowOutside: o.AllowOutside,
		pins: map[string]manifest.Constraint{}, goos: runtime.GOOS, goarch: runtime.GOARCH,
	}
	if p.hostName == "" {
		p.hostName = "host"
	}
	if o.HostVersion != "" {
		v, err := semver.StrictNewVersion(o.HostVersion)
		if err != nil {
			return nil, fmt.Errorf("scan plugins: version %q of %s is no semantic version, want one such as 2.1.0", o.HostVersion, p.hostName)
		}
		p.hostVersion = v
	}
	for name, text := range o.Pins {
		c, err := manifest.ParseConstraint(text)
		if err != nil {
			return nil, fmt.Errorf("scan plugins: pin of plugin %q: %w", name, err)
		}
		p.pins[name] = c
	}
	return p, nil
}

// absolute is path from the root; a path that cannot be made so stays as it is.
func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}
