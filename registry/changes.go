package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ChangeKind is what became of a plugin.
type ChangeKind string

// The kinds of changes. A plugin is one of four things: not there, chosen, disabled, or broken, which is any other plugin of
// which no version is chosen.
const (
	ChangeAdded    ChangeKind = "added"    // was not there, is chosen
	ChangeChanged  ChangeKind = "changed"  // is chosen, and its manifest, files or folder are others, or it was broken
	ChangeRemoved  ChangeKind = "removed"  // is not there any more
	ChangeDisabled ChangeKind = "disabled" // is disabled by the host
	ChangeEnabled  ChangeKind = "enabled"  // was disabled by the host, is chosen
	ChangeBroken   ChangeKind = "broken"   // no version of it can be used, or still none can, and it or the reason is another
)

// A Change is what became of one plugin between two looks.
type Change struct {
	Name string
	Kind ChangeKind
	// Old and New are what spoke for the plugin then and now: what was chosen, else what was disabled, else the first of what
	// could not be used. Nil: nothing. They belong to whoever asked for the changes.
	Old, New *Candidate
	// Manifest and Files say what differs between Old and New, if there are both: the bytes of plugin.json, and the state of
	// the other files. Files whose bytes are the same may differ in state, see Entry.FilesSum.
	Manifest, Files bool
	Reason          string // one sentence
}

// Changes compares two looks, by name. It says nothing of what has not changed, nor of a plugin for which only the version of
// something that it requires has. A nil Registry is one in which nothing is installed.
func Changes(old, new *Registry) []Change {
	before, after := old.speakers(), new.speakers()
	names := maps.Clone(before)
	maps.Copy(names, after)
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c := change(name, before[name], after[name]); c.Kind != "" {
			out = append(out, c)
		}
	}
	return out
}

// speakers are the candidates that speak for each plugin.
func (r *Registry) speakers() map[string]*Candidate {
	out := map[string]*Candidate{}
	if r == nil {
		return out
	}
	for _, c := range r.Found {
		if c.Status == NoManifest || c.Status == Ignored {
			continue
		}
		if best := out[c.Name]; best == nil || rank(c.Status) < rank(best.Status) {
			out[c.Name] = &c
		}
	}
	return out
}

func rank(s Status) int {
	switch s {
	case Chosen:
		return 0
	case Disabled:
		return 1
	}
	return 2
}

func change(name string, old, new *Candidate) Change {
	c := Change{Name: name, Old: old, New: new}
	if old != nil && new != nil {
		c.Manifest, c.Files = old.ManifestSum != new.ManifestSum, old.FilesSum != new.FilesSum
	}
	c.Kind = kindOf(c)
	c.Reason = reasonOf(c)
	return c
}

func kindOf(c Change) ChangeKind {
	switch {
	case c.New == nil:
		return ChangeRemoved
	case c.New.Status == Chosen:
		return chosenNow(c)
	case c.Old != nil && rank(c.Old.Status) == rank(c.New.Status) && !c.differs():
		return ""
	case c.New.Status != Disabled:
		return ChangeBroken
	case c.Old != nil && c.Old.Status == Disabled:
		return ""
	}
	return ChangeDisabled
}

func chosenNow(c Change) ChangeKind {
	switch {
	case c.Old == nil:
		return ChangeAdded
	case c.Old.Status == Disabled:
		return ChangeEnabled
	case c.Old.Status != Chosen || c.differs():
		return ChangeChanged
	}
	return ""
}

// differs reports whether two candidates of one status are not the same thing.
func (c Change) differs() bool {
	return c.Manifest || c.Files || c.Old.place() != c.New.place() || c.Old.EntryRel != c.New.EntryRel || c.Old.Reason != c.New.Reason
}

func reasonOf(c Change) string {
	switch c.Kind {
	case ChangeAdded:
		return c.New.label() + " was installed"
	case ChangeRemoved:
		return c.Old.label() + " is no longer installed"
	case ChangeChanged:
		return whatChanged(c)
	case ChangeEnabled:
		return c.New.label() + " is no longer disabled by the host"
	}
	return c.New.Reason
}

// whatChanged names versions, or the place, and then what differs.
func whatChanged(c Change) string {
	text := c.New.label()
	if c.Old.Version != nil && (!c.Old.Version.Equal(c.New.Version) || c.Old.place() != c.New.place()) {
		text = c.Old.label() + " became " + text
	}
	var what []string
	if c.Old.Status != Chosen {
		what = append(what, "can be used again")
	}
	if c.Manifest {
		what = append(what, "manifest changed")
	}
	if c.Files {
		what = append(what, "files changed")
	}
	if len(what) == 0 {
		what = append(what, "moved")
	}
	return fmt.Sprintf("%s: %s", text, strings.Join(what, ", "))
}
