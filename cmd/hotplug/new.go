package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-hotplug/hotplug/internal/shellwords"
)

// newFlags are the flags of new.
type newFlags struct{ dir, module, replace string }

// A created module is what new prints as JSON.
type created struct {
	Dir    string   `json:"dir"`
	Name   string   `json:"name"`
	Module string   `json:"module"`
	Files  []string `json:"files"` // relative to Dir, with slashes
	Next   []string `json:"next"`  // commands to go on with
}

func (a *app) newCommand() *cobra.Command {
	var f newFlags
	c := &cobra.Command{
		Use: "new NAME", Short: "Write a new plugin that builds and runs at once", Args: arguments(1, 1),
		Long: `New writes a Go module with a plugin that answers one message: its contract package, its program, its test and its manifest. The manifest
is plugins/NAME/plugin.json, and the program is built into the same folder, so that plugins is a plugins folder from the start. The program
in app is a host that calls the plugin.

It requires the version of hotplug that this command is, with all checksums, so that go build needs nothing more; --replace PATH takes a
checkout of hotplug instead, for development. In a workspace (go.work), the commands that it prints add the module to it. Nothing is run, and no network is used. The folder must be empty or not there yet.`,
		Example: "  hotplug new greeter\n  hotplug new greeter --module example.org/you/greeter --dir src/greeter",
		RunE:    func(_ *cobra.Command, args []string) error { return a.create(args[0], f) },
	}
	c.Flags().StringVar(&f.dir, "dir", "", "the folder of the module (default: NAME)")
	c.Flags().StringVar(&f.module, "module", "", "the module's path (default: example.com/NAME)")
	c.Flags().StringVar(&f.replace, "replace", "", "a checkout of hotplug to use instead of a release")
	return c
}

func (a *app) create(name string, f newFlags) error {
	f.dir = cmp.Or(f.dir, name)
	m, err := newModule(name, f)
	if err != nil {
		return err
	}
	files, err := m.files()
	if err != nil {
		return exitf(exitHost, "new: %w", err)
	}
	if err := writeModule(f.dir, files); err != nil {
		return err
	}
	work := workspace(f.dir)
	out := created{Dir: f.dir, Name: name, Module: m.Module, Next: m.next(f.dir, work)}
	for _, file := range files {
		out.Files = append(out.Files, file.path)
	}
	if work != "" {
		a.note("%s is a workspace, and the go command knows only the modules that it names: go work use adds this one; GOWORK=off in the environment does without", work)
	}
	switch {
	case m.complete():
	case m.Version != "":
		a.note("this command was not made from a download, so that it cannot say the checksum of hotplug %s: go mod tidy adds it", m.Version)
	default:
		a.note("this command is no release, so that it cannot say which version of hotplug to require: %s says what to do", filepath.Join(f.dir, "go.mod"))
	}
	return a.printCreated(out)
}

// next are the commands that build, test and call what was written; work is the workspace that the folder is in, or empty.
func (m *module) next(dir, work string) []string {
	binary := "plugins/" + m.Name + "/" + m.Name
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	out := []string{
		shellwords.Line("go", "build", "-o", binary, "."),
		shellwords.Line("go", "test", "./..."),
		shellwords.Line("hotplug", "call", "plugins", m.Name, m.Name+".greet", `{"name": "Ada"}`),
		shellwords.Line("go", "run", "./app"),
	}
	if !m.complete() {
		out = append([]string{shellwords.Line("go", "mod", "tidy")}, out...)
	}
	if m.Replace == "" && m.Version == "" {
		out = append([]string{shellwords.Line("go", "get", hotplugModule+"@latest")}, out...)
	}
	if work != "" {
		out = append([]string{shellwords.Line("go", "work", "use", ".")}, out...)
	}
	if filepath.Clean(dir) != "." {
		out = append([]string{shellwords.Line("cd", dir)}, out...)
	}
	return out
}

func (a *app) printCreated(c created) error {
	if a.json {
		return a.document(c)
	}
	t := &table{}
	for _, f := range c.Files {
		t.add(cell{"wrote", bold}, text(filepath.Join(c.Dir, filepath.FromSlash(f))))
	}
	for _, n := range c.Next {
		t.add(cell{"next", bold}, text(n))
	}
	return a.print(t)
}

// writeModule writes files into a folder that is empty or not there.
func writeModule(dir string, files []file) error {
	items, err := os.ReadDir(dir)
	switch {
	case isFile(dir):
		return exitf(exitUsage, "new: %s is a file, want a folder that is empty or not there yet: name another with --dir", dir)
	case err == nil && len(items) > 0:
		return exitf(exitUsage, "new: folder %s is not empty, it holds %s: name another with --dir", dir, abridgedItems(items))
	case err != nil && !os.IsNotExist(err):
		return exitf(exitHost, "new: folder %s cannot be used: %w: name another with --dir", dir, err)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, f.content, 0o644)
		}
		if err != nil {
			return exitf(exitHost, "new: folder %s cannot be used: %w: name another with --dir", dir, err)
		}
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func abridgedItems(items []os.DirEntry) string {
	text := items[0].Name()
	if more := len(items) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// ownRelease is the release of hotplug that this program was built from, if it is one.
func ownRelease() release {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release{}
	}
	return released(info)
}

// released is the release of hotplug in a program, if it is one that others can download. A commit's version counts if the program was
// itself made from a download: a checkout may be ahead of what is published.
func released(info *debug.BuildInfo) release {
	m := &info.Main
	for _, d := range info.Deps {
		if d.Path == hotplugModule {
			m = d // built by another module, as go tool does
		}
	}
	switch {
	case m.Path != hotplugModule || m.Replace != nil || !strings.HasPrefix(m.Version, "v"), strings.Contains(m.Version, "+"):
		return release{}
	case m.Sum == "" && commitVersion.MatchString(m.Version):
		return release{}
	}
	return release{m.Version, m.Sum}
}
