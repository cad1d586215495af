package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate DIR|FILE", Short: "Check manifests and the files they name", Args: arguments(1, 1),
		Long: `Validate checks manifests and prints every problem and warning on a line of its own: file:line:column: key: what was found, what is
allowed. FILE is one manifest, checked by itself. DIR is a plugin's folder, whose entry files are checked too, or a plugins folder, of
which every plugin is checked, and whether it finds what it requires. It starts nothing. The exit code is 1 if there are problems.`,
		RunE: func(c *cobra.Command, args []string) error { return a.validate(c.Context(), args[0]) },
	}
}

// A validation is what validate prints as JSON.
type validation struct {
	OK              bool          `json:"ok"`
	Manifests       []checked     `json:"manifests"`
	WithoutManifest []undescribed `json:"withoutManifest"` // no problem to a host, which passes them over
}

// undescribed is a folder or an executable of a plugins folder that no manifest describes.
type undescribed struct {
	Path string `json:"path"`
	Text string `json:"text"` // what to do about it
}

// checked is one manifest and what was found in it.
type checked struct {
	File     string    `json:"file"`
	Name     string    `json:"name,omitempty"`
	Version  string    `json:"version,omitempty"`
	Problems []finding `json:"problems"`
	Warnings []finding `json:"warnings"`
}

// A finding is a problem or a warning, and where it is.
type finding struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Key    string `json:"key,omitempty"`
	Found  string `json:"found,omitempty"`
	Want   string `json:"want,omitempty"`
	Text   string `json:"text"` // all of it, without the place
}

func (a *app) validate(ctx context.Context, path string) error {
	v := validation{Manifests: []checked{}, WithoutManifest: []undescribed{}}
	if err := v.examine(ctx, path); err != nil {
		return err
	}
	for _, u := range v.WithoutManifest {
		a.note("%s: %s", u.Path, u.Text)
	}
	if len(v.Manifests) == 0 {
		if a.json && len(v.WithoutManifest) > 0 {
			_ = a.document(v)
		}
		return exitf(exitPlugin, "%s: no %s in it or in the folders below: want a plugin's folder or a plugins folder", path, manifest.FileName)
	}
	problems := 0
	for _, m := range v.Manifests {
		problems += len(m.Problems)
	}
	v.OK = problems == 0
	if err := a.printValidation(v); err != nil {
		return err
	}
	if v.OK {
		return nil
	}
	return exitf(exitPlugin, "%s in %s", counted(problems, "problem"), counted(len(v.Manifests), "manifest"))
}

// examine checks what a path leads to: a manifest, a plugin's folder, or a plugins folder.
func (v *validation) examine(ctx context.Context, path string) error {
	info, err := looked("validate", path, "a manifest, a plugin's folder or a plugins folder")
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if _, err := registry.InspectProgram(path); err == nil && !isManifest(path) {
			return exitf(exitUsage, "validate: %s is a program, want a manifest, a plugin's folder or a plugins folder", path)
		}
		c, m := examineManifest(path)
		c.defaultConfig(m)
		v.Manifests = append(v.Manifests, c)
		return nil
	}
	own := filepath.Join(path, manifest.FileName)
	if _, err := os.Lstat(own); err == nil {
		v.Manifests = append(v.Manifests, examinePlugin(own, path))
		return nil
	}
	return v.examineFolder(ctx, path)
}

// examineFolder checks everything in a plugins folder.
func (v *validation) examineFolder(ctx context.Context, dir string) error {
	reg, err := registry.Scan(ctx, registry.Options{Path: []string{dir}})
	if err != nil {
		return orInterrupted(ctx, exitHost, err)
	}
	for _, c := range reg.Found {
		switch {
		case c.Status == registry.NoManifest:
			v.WithoutManifest = append(v.WithoutManifest, undescribed{beside(dir, c.EntryPath), c.Reason})
		case c.Status == registry.Ignored:
			as := beside(dir, c.Dir)
			v.WithoutManifest = append(v.WithoutManifest, undescribed{as, lacksManifest(c.Dir, as)})
		case c.ManifestPath == "":
			v.Manifests = append(v.Manifests, checked{File: beside(dir, c.Dir), Problems: []finding{{File: beside(dir, c.Dir), Line: 1, Column: 1, Text: c.Reason}}, Warnings: []finding{}})
		default:
			v.Manifests = append(v.Manifests, examineInstalled(dir, c))
		}
	}
	return nil
}

// examineInstalled checks one plugin of a plugins folder, and whether it finds there what it requires.
func examineInstalled(dir string, c registry.Candidate) checked {
	path := c.Dir
	if c.Lone {
		path = c.ManifestPath
	}
	out := examinePlugin(beside(dir, c.ManifestPath), path)
	if c.Status == registry.Broken && len(out.Problems) == 0 {
		out.problem("requires", c.Reason)
	}
	return out
}

// beside is a path of the registry, which is absolute, as the command line named its folder.
func beside(dir, path string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(abs, path)
	if err != nil {
		return path
	}
	return filepath.Join(dir, rel)
}

// examinePlugin checks a manifest and the files that it names as entries; path is the plugin's for the registry.
func examinePlugin(file, path string) checked {
	out, m := examineManifest(file)
	if m == nil {
		return out
	}
	c := registry.Inspect(path)
	for _, w := range c.Warnings[min(len(out.Warnings), len(c.Warnings)):] { // the manifest's come first
		out.warning("entry", w)
	}
	_, elsewhere := m.EntryFor(runtime.GOOS, runtime.GOARCH)
	switch {
	case elsewhere != nil:
		out.warning("entry", elsewhere.Error())
	case c.Status == registry.Broken:
		out.problem("entry", c.Reason)
	}
	for _, text := range entryProblems(filepath.Dir(file), m, c) {
		out.problem("entry", text)
	}
	out.defaultConfig(m)
	return out
}

// defaultConfig warns of a default that does not fit the schema: a host has to give what is missing, or the plugin does not start.
func (c *checked) defaultConfig(m *manifest.Manifest) {
	if m == nil || m.Config.Default == nil {
		return
	}
	if err := m.Config.Check(m.Config.Default); err != nil {
		c.warning("config", fmt.Sprintf("config.default: it does not fit config.schema, so the plugin starts only where the host gives what is missing: %v", err))
	}
}

// examineManifest checks a manifest by itself; the manifest is nil if it has problems.
func examineManifest(file string) (checked, *manifest.Manifest) {
	out := checked{File: file, Problems: []finding{}, Warnings: []finding{}}
	m, warnings, err := manifest.Load(file)
	for _, w := range warnings {
		out.Warnings = append(out.Warnings, finding{File: file, Line: w.Line, Column: w.Column, Key: w.Key, Text: w.Key + ": " + w.Text})
	}
	if err == nil {
		out.Name, out.Version = m.Name, m.Version.String()
		return out, m
	}
	wrong, ok := errors.AsType[*manifest.Error](err)
	if !ok {
		out.Problems = append(out.Problems, finding{File: file, Line: 1, Column: 1, Text: err.Error()})
		return out, nil
	}
	out.Name = wrong.Name
	for _, p := range wrong.Problems {
		out.Problems = append(out.Problems, findingOf(p))
	}
	if wrong.More > 0 {
		out.Problems = append(out.Problems, finding{File: file, Line: 1, Column: 1, Text: fmt.Sprintf("and %d more problems", wrong.More)})
	}
	return out, nil
}

func findingOf(p manifest.Problem) finding {
	said := "found " + p.Found + ", want " + p.Want
	if p.Key != "" {
		said = p.Key + ": " + said
	}
	return finding{File: p.File, Line: p.Line, Column: p.Column, Key: p.Key, Found: p.Found, Want: p.Want, Text: said}
}

// place is file:line:column, as editors follow it.
func (f finding) place() string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }
