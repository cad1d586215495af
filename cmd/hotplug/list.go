package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// A listing is what list prints as JSON.
type listing struct {
	Plugins []listed       `json:"plugins"`
	Folders []listedFolder `json:"folders"`
	Ignored []string       `json:"ignored"` // folders without a manifest
}

// A listed plugin is one candidate of the registry.
type listed struct {
	Name        string          `json:"name"`
	Version     string          `json:"version,omitempty"`
	Status      registry.Status `json:"status"`
	Reason      string          `json:"reason,omitempty"`
	Folder      string          `json:"folder"`
	Manifest    string          `json:"manifest,omitempty"`
	Entry       string          `json:"entry,omitempty"`
	Description string          `json:"description,omitempty"`
	Warnings    []string        `json:"warnings,omitempty"`
}

type listedFolder struct {
	Path  string `json:"path"`
	Error string `json:"error,omitempty"`
}

func (a *app) listCommand() *cobra.Command {
	var f hostFlags
	var all bool
	c := &cobra.Command{
		Use: "list DIR...", Short: "Say what is installed, and what of it would run", Args: arguments(1, -1),
		Long: `List says what is installed in plugins folders: name, version, status, folder, and why it is not chosen. It starts nothing.
Of plugins of one name the highest version that fits is chosen. The exit code is 1 if a plugin is broken.`,
		RunE: func(c *cobra.Command, dirs []string) error { return a.list(c.Context(), f.options(dirs), all) },
	}
	f.addIdentity(c)
	c.Flags().BoolVar(&all, "all", false, "list folders without "+manifest.FileName+", too")
	return c
}

func (a *app) list(ctx context.Context, o registry.Options, all bool) error {
	reg, err := scanned(ctx, "list", o)
	if err != nil {
		return err
	}
	var found []registry.Candidate
	for _, c := range reg.Found {
		if all || c.Status != registry.Ignored {
			found = append(found, c)
		}
	}
	if err := a.printFound(reg, found); err != nil {
		return err
	}
	if !all {
		a.noteIgnored(reg)
	}
	return a.brokenFound(reg, found)
}

func (a *app) printFound(reg *registry.Registry, found []registry.Candidate) error {
	if a.json {
		return a.document(listingOf(reg, found))
	}
	t := &table{head: []string{"NAME", "VERSION", "STATUS", "FOLDER", "REASON"}}
	for _, c := range found {
		l := listedAs(c)
		t.add(text(l.Name), text(l.Version), cell{string(l.Status), statusColors[l.Status]}, text(l.Folder), text(l.Reason))
	}
	if len(found) == 0 {
		a.noteEmpty(reg)
		return nil
	}
	return a.print(t)
}

// noteEmpty says that there is nothing, and how there comes to be something.
func (a *app) noteEmpty(reg *registry.Registry) {
	a.note("no plugin in %s: put one there, in a folder with its plugin.json, or write one with `hotplug new NAME`", strings.Join(folderPaths(reg), ", "))
}

var statusColors = map[registry.Status]string{
	registry.Chosen: green, registry.Broken: red, registry.Excluded: yellow, registry.Shadowed: yellow, registry.Disabled: yellow, registry.NoManifest: yellow,
}

func listingOf(reg *registry.Registry, found []registry.Candidate) listing {
	out := listing{Plugins: make([]listed, 0, len(found)), Ignored: ignoredFolders(reg)}
	for _, c := range found {
		out.Plugins = append(out.Plugins, listedAs(c))
	}
	for _, f := range reg.Folders {
		l := listedFolder{Path: f.Path}
		if f.Err != nil {
			l.Error = f.Err.Error()
		}
		out.Folders = append(out.Folders, l)
	}
	return out
}

func listedAs(c registry.Candidate) listed {
	l := listed{Name: c.Name, Status: c.Status, Reason: c.Reason, Folder: c.Dir, Manifest: c.ManifestPath, Entry: c.EntryPath, Warnings: c.Warnings}
	if c.Version != nil {
		l.Version = c.Version.String()
	}
	if c.Manifest != nil {
		l.Description = c.Manifest.Description
	}
	return l
}

func folderPaths(reg *registry.Registry) []string {
	var out []string
	for _, f := range reg.Folders {
		out = append(out, f.Path)
	}
	return out
}

// brokenFound is the error of a list with something broken in it.
func (a *app) brokenFound(reg *registry.Registry, found []registry.Candidate) error {
	a.unreadable(reg)
	var broken []string
	for _, c := range found {
		if c.Status == registry.Broken {
			broken = append(broken, c.Name)
		}
	}
	switch {
	case len(broken) > 0:
		return exitf(exitPlugin, "%s broken: %s", counted(len(broken), "plugin"), strings.Join(broken, ", "))
	case anyUnreadable(reg):
		return exitf(exitPlugin, "not all plugins folders could be read")
	}
	return nil
}

// unreadable notes the folders of a search path that could not be read, though others could.
func (a *app) unreadable(reg *registry.Registry) {
	for _, f := range reg.Folders {
		if f.Err != nil {
			a.note("plugins folder %s: %v", f.Path, f.Err)
		}
	}
}

func anyUnreadable(reg *registry.Registry) bool {
	for _, f := range reg.Folders {
		if f.Err != nil {
			return true
		}
	}
	return false
}
