package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/internal/shellwords"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// initFlags are the flags of init.
type initFlags struct{ force, lone bool }

// A draft is a manifest that is to be written.
type draft struct {
	Manifest string   `json:"manifest"` // the file
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Entry    string   `json:"entry"`
	Files    []string `json:"files"` // what else belongs to the plugin: paths in its folder, with slashes
	Next     []string `json:"next"`  // commands to go on with
	content  []byte
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use: "init BINARY", Short: "Write the manifest of a program that has none", Args: arguments(1, 1),
		Long: `Init runs a plugin's program with HOTPLUG_DESCRIBE=1, as describe does, and writes its manifest: name and version as the program states
them; if it embeds no manifest, the name is the file's and the version 0.1.0. What it says that it calls on its host stands in permissions.calls.

The manifest is plugin.json in the program's folder, and every file of that folder belongs to the plugin. But if the folder is a plugins
folder, or with --lone, the program alone is the plugin, and the manifest is NAME` + manifest.LoneSuffix + ` beside it. A plugins folder is one whose name ends
in "plugins", or that holds another plugin: a folder with plugin.json, or a NAME` + manifest.LoneSuffix + `. A folder that is named after the program, or
after the plugin, is always its own.

The exit code is 1 if the program is no plugin. A manifest that is there already is kept, unless --force is given.`,
		Example: "  hotplug init plugins/greeter/greeter",
		RunE:    func(c *cobra.Command, args []string) error { return a.initialize(c.Context(), args[0], f) },
	}
	c.Flags().BoolVar(&f.force, "force", false, "write over a manifest that is there")
	c.Flags().BoolVar(&f.lone, "lone", false, "write NAME"+manifest.LoneSuffix+": the program alone is the plugin")
	return c
}

func (a *app) initialize(ctx context.Context, binary string, f initFlags) error {
	if err := isProgram(binary); err != nil {
		return err
	}
	d, err := ask(ctx, "init", binary, describeTime)
	if err != nil {
		return err
	}
	w, err := draftOf(binary, d, f.lone)
	if err != nil {
		return err
	}
	if err := w.write(f.force); err != nil {
		return err
	}
	if d.Name == "" {
		a.note("the program embeds no manifest: its name is the file's, and its version %s: edit %s as you like", w.Version, w.Manifest)
	}
	if c := registry.Inspect(w.candidate()); c.Status != registry.Chosen {
		return exitf(exitPlugin, "%s is written, and a host would not run it: %s", w.Manifest, c.Reason)
	}
	return a.printDraft(w)
}

// isProgram refuses what cannot be a program, before it is run.
func isProgram(path string) error {
	info, err := looked("init", path, "a program")
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return exitf(exitUsage, "init: %s is a folder: name the program in it", path)
	case isManifest(path):
		return exitf(exitUsage, "init: %s is a manifest: name the program that it is to be of", path)
	case !info.Mode().IsRegular():
		return exitf(exitPlugin, "init: %s is not a regular file: name a program", path)
	}
	if _, err := registry.InspectProgram(path); err != nil {
		return exitf(exitPlugin, "init: %w", err)
	}
	return nil
}

// draftOf is the manifest of a program that described itself.
func draftOf(binary string, d *description, lone bool) (*draft, error) {
	file := filepath.Base(binary)
	w := &draft{Name: d.Name, Version: d.Version, Entry: file}
	if w.Name == "" {
		w.Name = nameFrom(stem(file))
	}
	if w.Version == "" {
		w.Version = "0.1.0"
	}
	var err error
	if w.Manifest, err = manifestFor(binary, w.Name, lone); err != nil {
		return nil, exitf(exitHost, "init: %w", err)
	}
	w.content = manifest.Template(w.Name, w.Version, w.Entry)
	if d.Serializer != "" {
		w.content = withKey(w.content, "serializer", d.Serializer) // another one would be a mismatch
	}
	if calls := d.calls(); len(calls) > 0 {
		w.content = withKey(w.content, "permissions", map[string]any{"calls": calls})
	}
	if _, _, err := manifest.Parse(w.content, w.Manifest); err != nil {
		return nil, exitf(exitPlugin, "%s states what no manifest may hold:\n%w", binary, err)
	}
	w.Next = w.next(d)
	if w.Files, err = w.others(); err != nil {
		return nil, exitf(exitHost, "init: %w", err)
	}
	return w, nil
}

// withKey adds a key to a manifest.
func withKey(template []byte, key string, value any) []byte {
	open := strings.TrimSuffix(string(template), "\n}\n")
	text, _ := json.Marshal(value) // strings: nothing to fail
	return fmt.Appendf(nil, "%s,\n  %q: %s\n}\n", open, key, text)
}

// calls are the messages that a program says it calls on its host.
func (d *description) calls() []string {
	var names []string
	for _, m := range d.Uses {
		names = append(names, m.Name)
	}
	return names
}

// stem is a program's name without what Windows puts behind it.
func stem(file string) string {
	if ext := filepath.Ext(file); strings.EqualFold(ext, ".exe") {
		return strings.TrimSuffix(file, ext)
	}
	return file
}

// nameFrom makes a plugin's name of any text: what is not allowed becomes -.
func nameFrom(text string) string {
	const most = 64
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := strings.Join(words, "-")
	if name == "" || name[0] < 'a' {
		name = strings.TrimSuffix("plugin-"+name, "-")
	}
	return strings.TrimSuffix(name[:min(most, len(name))], "-")
}

// candidate is the plugin as the registry knows it: its folder, or the manifest of a lone program.
func (w *draft) candidate() string {
	if w.isLone() {
		return w.Manifest
	}
	return filepath.Dir(w.Manifest)
}

// next are the commands that try the plugin.
func (w *draft) next(d *description) []string {
	at := w.candidate()
	out := []string{shellwords.Line("hotplug", "validate", at)}
	plugins := filepath.Join(at, "..")
	if len(d.Handles) > 0 {
		out = append(out, shellwords.Line("hotplug", "call", plugins, w.Name, d.Handles[0].Name)+" [JSON]")
	}
	return append(out, shellwords.Line("hotplug", "run", plugins))
}

// write writes the manifest whole or not at all.
func (w *draft) write(force bool) error {
	if _, err := os.Lstat(w.Manifest); err == nil && !force {
		return exitf(exitUsage, "init: %s exists: --force writes over it", w.Manifest)
	}
	if err := replaceFile(w.Manifest, w.content); err != nil {
		return exitf(exitHost, "init: %s cannot be written, want a folder that this user can write to: %w", w.Manifest, bare(err))
	}
	return nil
}

// replaceFile gives a file new content: who reads it meanwhile finds the old or the new, never a part.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".hotplug-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the renaming it is not there
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (a *app) printDraft(w *draft) error {
	if a.json {
		return a.document(w)
	}
	t := &table{}
	for _, row := range [][2]string{{"wrote", w.Manifest}, {"name", w.Name}, {"version", w.Version}, {"entry", w.Entry}, {"files", w.belongings()}} {
		t.add(cell{row[0], bold}, text(row[1]))
	}
	for _, n := range w.Next {
		t.add(cell{"next", bold}, text(n))
	}
	return a.print(t)
}
