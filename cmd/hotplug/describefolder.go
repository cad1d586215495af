package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// A describedFolder is what describe prints of a plugins folder as JSON.
type describedFolder struct {
	Plugins []describedPlugin `json:"plugins"`
}

// A describedPlugin is one plugin of a plugins folder: its description, or why there is none.
type describedPlugin struct {
	Name        string       `json:"name"`
	Version     string       `json:"version,omitempty"`
	Folder      string       `json:"folder"`
	Description *description `json:"description,omitempty"`
	Error       string       `json:"error,omitempty"`
}

// isPluginsFolder is what a plugins folder holds; nil if the path leads to a program or a plugin's own folder.
func isPluginsFolder(ctx context.Context, path string) (*registry.Registry, error) {
	info, err := looked("describe", path, "a program, a plugin's folder or a plugins folder")
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, nil
	}
	if _, err := os.Lstat(filepath.Join(path, manifest.FileName)); !errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	reg, err := registry.Scan(ctx, registry.Options{Path: []string{path}})
	if err != nil {
		return nil, orInterrupted(ctx, exitHost, err)
	}
	for _, c := range reg.Found {
		if c.Status != registry.Ignored {
			return reg, nil
		}
	}
	return nil, exitf(exitPlugin, "describe %s: a folder without %s, and no plugin below it: want a program, a plugin's folder or a plugins folder", path, manifest.FileName)
}

// describeFolder describes what a host would choose, and says of what is broken why it is.
func (a *app) describeFolder(ctx context.Context, reg *registry.Registry, f describeFlags) error {
	out := describedFolder{Plugins: []describedPlugin{}}
	var failed []string
	for _, c := range reg.Found {
		if c.Status == registry.NoManifest {
			a.note("%s: %s", c.EntryPath, c.Reason)
		}
		if c.Status != registry.Chosen && c.Status != registry.Broken {
			continue
		}
		p := a.describeCandidate(ctx, c, f)
		if ctx.Err() != nil {
			return orInterrupted(ctx, exitPlugin, errors.New("describe "+p.Folder))
		}
		if out.Plugins = append(out.Plugins, p); p.Error != "" {
			failed = append(failed, p.Name)
		}
	}
	if err := a.printDescribedFolder(out, f); err != nil {
		return err
	}
	if len(failed) > 0 {
		return exitf(exitPlugin, "%s cannot be described: %s", counted(len(failed), "plugin"), strings.Join(failed, ", "))
	}
	return nil
}

func (a *app) describeCandidate(ctx context.Context, c registry.Candidate, f describeFlags) describedPlugin {
	l := listedAs(c)
	p := describedPlugin{Name: l.Name, Version: l.Version, Folder: l.Folder, Error: l.Reason}
	if c.Status != registry.Chosen {
		return p
	}
	d, err := f.description(ctx, p.Folder, c.EntryPath, c.Manifest)
	if err != nil {
		p.Error = err.Error()
		return p
	}
	a.noteDifference(d, c.Manifest)
	p.Description = d
	return p
}

func (a *app) printDescribedFolder(out describedFolder, f describeFlags) error {
	if a.json {
		return a.document(out)
	}
	t := &table{head: []string{"PLUGIN", "VERSION", "", "MESSAGE", "KIND", "PAYLOAD", "REPLY"}}
	for _, p := range out.Plugins {
		if p.Error != "" {
			a.note("%s: %s", p.Name, p.Error)
			continue
		}
		for _, m := range p.Description.messages() {
			t.add(append([]cell{text(p.Name), text(p.Version)}, m.row()...)...)
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	if err := a.print(t); err != nil || !f.schema {
		return err
	}
	for _, p := range out.Plugins {
		if p.Description == nil {
			continue
		}
		if err := a.printSchemas(p.Description, text(p.Name), text(p.Version)); err != nil {
			return err
		}
	}
	return nil
}
