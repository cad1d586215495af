package lockfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Found plugin is one that is about to run.
type Found struct {
	Name, Version string
	Manifest      string // SHA-256 of its manifest, as it was read
	Platform      string // GOOS/GOARCH
	Build                // the copy that is run
}

// Admit is nil if the lock has exactly this plugin, and else says what differs, and how to accept it. f is what Read returned.
func (l Lock) Admit(f *File, found Found) error {
	var nearest *Plugin
	for _, p := range f.Plugins {
		if p.Name != found.Name {
			continue
		}
		if p.misfit(found) == "" {
			return nil
		}
		if nearest == nil || p.Version == found.Version {
			nearest = &p
		}
	}
	if nearest == nil {
		return fmt.Errorf("plugin %q is not in the lock file %s: look at it, then accept it with `%s`", found.Name, l.Path(), l.Command())
	}
	return fmt.Errorf("plugin %q %s differs from the lock file %s: %s: look at what has changed, then accept it with `%s`",
		found.Name, found.Version, l.Path(), nearest.misfit(found), l.Command())
}

// Has reports whether a tree is one of those that a file has of a plugin, in whatever version.
func (f *File) Has(name, files string) bool {
	return slices.ContainsFunc(f.Plugins, func(p Plugin) bool {
		return p.Name == name && slices.ContainsFunc(slices.Collect(maps.Values(p.Platforms)), func(b Build) bool { return b.Files == files })
	})
}

// misfit is how a plugin differs from what is locked; empty: not at all.
func (p *Plugin) misfit(found Found) string {
	b, ok := p.Platforms[found.Platform]
	if !ok {
		b, ok = p.Platforms[AnyPlatform]
	}
	switch {
	case p.Manifest != found.Manifest:
		return fmt.Sprintf("its manifest has the SHA-256 %s, locked is %s of %s", found.Manifest, p.Manifest, p.Version)
	case !ok:
		return fmt.Sprintf("it is locked for %s, this is %s", strings.Join(slices.Sorted(maps.Keys(p.Platforms)), ", "), found.Platform)
	case b.SHA256 != found.SHA256:
		return fmt.Sprintf("its entry %s has the SHA-256 %s, locked is %s", found.Entry, found.SHA256, b.SHA256)
	case b.Files != found.Files:
		return fmt.Sprintf("its files have the hash %s, locked is %s", found.Files, b.Files)
	}
	return ""
}
