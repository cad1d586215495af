package registry

import (
	"maps"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/manifest"
)

// Registry is what was found by one Scan.
type Registry struct {
	// Entries are the chosen plugins, one per name, by name.
	Entries []Entry
	// Found is everything that was looked at, chosen or not: by name, then from the highest version down, then in the
	// order of the search path.
	Found []Candidate
	// Folders are the folders of the search path.
	Folders []Folder
	// Looked is when the look at them began.
	Looked time.Time
}

// Folder is one folder of the search path.
type Folder struct {
	Path string
	Err  error // why it could not be read, such as fs.ErrNotExist; nil if it was
}

// Entry is one plugin that can be started.
type Entry struct {
	Name         string
	Version      *semver.Version
	Dir          string // the plugin's folder; of a lone executable, the plugins folder. Absolute, links not resolved
	ManifestPath string
	Manifest     *manifest.Manifest
	Lone         bool   // an executable with its manifest beside it: nothing but EntryPath belongs to it
	EntryPath    string // the file that runs here: absolute, links resolved
	EntryRel     string // the same as the manifest says it: relative to Dir, with slashes, links not resolved
	SHA256       string // digest that the manifest demands of the entry, in lower-case hex; empty if none
	// ManifestSum is the SHA-256 of the manifest's bytes, in hex.
	ManifestSum string
	// FilesSum tells one state of the plugin's other files from another: the entry's and those that the manifest selects. It is
	// made of their paths, modes, sizes, times and inodes, not of what is in them: a file that was touched makes another sum.
	// The path of the plugin's folder has no part in it.
	FilesSum string
	// Requires are the chosen plugins that this one needs, by name. Requirements that are optional and not met are left out.
	Requires []Dependency
	// Warnings are about the manifest and the entry: nothing that keeps the plugin from running.
	Warnings []string
	ground   *ground // of a candidate; nil in Entries
}

// Dependency is a chosen plugin that another one needs.
type Dependency struct {
	Name       string
	Version    *semver.Version
	Constraint string
	Optional   bool // the plugin can do without: start it even if this one fails
}

// Status is what became of a candidate.
type Status string

// The statuses.
const (
	Chosen     Status = "chosen"
	Shadowed   Status = "shadowed"    // another copy or version is chosen
	Excluded   Status = "excluded"    // by a constraint, a pin, or the host's version
	Disabled   Status = "disabled"    // by the host
	Broken     Status = "broken"      // cannot run here
	NoManifest Status = "no manifest" // an executable that nothing describes
	Ignored    Status = "ignored"     // not a plugin
)

// Candidate is something in a plugins folder that is a plugin, or looks like one.
type Candidate struct {
	// Entry is what is known of it. Name is the folder's or file's if no manifest says it; Version, Manifest and
	// EntryPath may be missing unless the status is Chosen, Shadowed, Excluded or Disabled.
	Entry
	Status Status
	Reason string // one sentence; empty for Chosen
	Err    error  // the cause, of a broken candidate
}

// Find is the chosen plugin of a name.
func (r *Registry) Find(name string) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(r.Entries, name, func(e Entry, n string) int {
		return compareNames(e.Name, n)
	})
	if !ok {
		return Entry{}, false
	}
	return r.Entries[i], true
}

// Order is the start order: every plugin is in a later level than all that it requires. A host may start a level in
// parallel, or walk the Requires of each entry for more parallelism. Stopping goes the other way.
func (r *Registry) Order() [][]Entry {
	level := map[string]int{}
	var depth func(e Entry) int
	depth = func(e Entry) int {
		if n, ok := level[e.Name]; ok {
			return n
		}
		n := 0
		for _, d := range e.Requires {
			if dep, ok := r.Find(d.Name); ok {
				n = max(n, depth(dep)+1)
			}
		}
		level[e.Name] = n
		return n
	}
	var out [][]Entry
	for _, e := range r.Entries {
		for len(out) <= depth(e) {
			out = append(out, nil)
		}
		out[depth(e)] = append(out[depth(e)], e)
	}
	return out
}

// Nearest is the name of something installed that a misspelt name most likely meant, or "".
func (r *Registry) Nearest(name string) string {
	names := map[string]bool{}
	for _, c := range r.Found {
		if c.Name != name {
			names[c.Name] = true
		}
	}
	return nearest.Name(name, slices.Sorted(maps.Keys(names)))
}
