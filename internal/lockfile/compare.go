package lockfile

import (
	"cmp"
	"maps"
	"slices"
)

// Kind is what became of a plugin between two files.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	// Unlockable is a plugin that is still installed, and cannot be hashed: nobody knows whether it has changed.
	Unlockable Kind = "unlockable"
)

// A Change is what became of one plugin.
type Change struct {
	Kind     Kind
	Old, New *Plugin // of a plugin that was added or removed, or is unlockable, there is only one
	Differs  []Difference
}

// A Difference is one thing that a changed plugin has otherwise now. An empty side has it not at all.
type Difference struct {
	What string `json:"what"` // version, manifest, or a platform and entry, sha256 or files
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Name is the plugin's.
func (c Change) Name() string { return c.either().Name }

// Version is the plugin's, the new one if there is one.
func (c Change) Version() string { return c.either().Version }

func (c Change) either() *Plugin { return cmp.Or(c.New, c.Old) }

// Compare says what became of what a file had, by name. A version that takes the place of another is one change. What is left out of the new file because it
// could not be locked was not removed. Nothing: both say the same.
func Compare(old, new *File, left ...Left) (out []Change) {
	before, after := byName(old), byName(new)
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, compareNamed(before[name], after[name])...)
	}
	for i, c := range out {
		if c.Kind == Removed && slices.ContainsFunc(left, c.Old.isLeft) {
			out[i].Kind = Unlockable
		}
	}
	return out
}

// isLeft reports whether l is this plugin, as far as is known.
func (p *Plugin) isLeft(l Left) bool {
	return l.Name == p.Name && (l.Version == "" || l.Version == p.Version)
}

func byName(f *File) map[string][]Plugin {
	out := map[string][]Plugin{}
	for _, p := range slices.SortedFunc(slices.Values(f.Plugins), comparePlugins) {
		if all := out[p.Name]; len(all) == 0 || comparePlugins(all[len(all)-1], p) != 0 {
			out[p.Name] = append(all, p)
		}
	}
	return out
}

// compareNamed pairs the versions of one plugin: what is equal first, then what has the same version, then whatever is left.
func compareNamed(old, new []Plugin) (out []Change) {
	old, new = slices.Clone(old), slices.Clone(new)
	pair(&old, &new, func(a, b Plugin) bool { return comparePlugins(a, b) == 0 })
	same := pair(&old, &new, func(a, b Plugin) bool { return a.Version == b.Version })
	other := pair(&old, &new, func(Plugin, Plugin) bool { return true })
	for _, two := range append(same, other...) {
		out = append(out, Change{Kind: Changed, Old: &two[0], New: &two[1], Differs: differences(two[0], two[1])})
	}
	for _, p := range old {
		out = append(out, Change{Kind: Removed, Old: &p})
	}
	for _, p := range new {
		out = append(out, Change{Kind: Added, New: &p})
	}
	return out
}

// pair takes out of both lists, and returns, what belongs together.
func pair(old, new *[]Plugin, belong func(a, b Plugin) bool) (pairs [][2]Plugin) {
	*old = slices.DeleteFunc(*old, func(a Plugin) bool {
		i := slices.IndexFunc(*new, func(b Plugin) bool { return belong(a, b) })
		if i < 0 {
			return false
		}
		pairs = append(pairs, [2]Plugin{a, (*new)[i]})
		*new = slices.Delete(*new, i, i+1)
		return true
	})
	return pairs
}

// differences are what two versions do not have in common.
func differences(a, b Plugin) (out []Difference) {
	note := func(what, old, new string) {
		if old != new {
			out = append(out, Difference{what, old, new})
		}
	}
	note("version", a.Version, b.Version)
	note("manifest", a.Manifest, b.Manifest)
	platforms := maps.Clone(a.Platforms)
	maps.Copy(platforms, b.Platforms)
	for _, p := range slices.Sorted(maps.Keys(platforms)) {
		x, y := a.Platforms[p], b.Platforms[p]
		note(p+" entry", x.Entry, y.Entry)
		note(p+" sha256", x.SHA256, y.SHA256)
		note(p+" files", x.Files, y.Files)
	}
	return out
}
