package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	gomodule "golang.org/x/mod/module"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	hotplugModule = "github.com/go-hotplug/hotplug"
	goVersion     = "1.26.0" // the least that hotplug needs, as its own go.mod says
)

// commitVersion is a version that the go command makes of a commit.
var commitVersion = regexp.MustCompile(`[.-]\d{14}-[0-9a-f]{12}$`)

//go:embed templates/*.tmpl
var templates embed.FS

var parsedTemplates = template.Must(template.ParseFS(templates, "templates/*.tmpl"))

// A module is a new plugin, as its templates know it.
type module struct {
	Name    string // of the plugin
	Module  string // path of the module
	API     string // name of the contract package
	Go      string
	Hotplug string // path of hotplug's module
	Version string // of hotplug; empty: not known
	Replace string // a folder, as go.mod has it; empty: none

	Indirect []string // what hotplug requires in turn: "path version"
	sum      string   // the content of go.sum
	release  release  // of hotplug, as this command is it
}

// A file is to be written.
type file struct {
	path    string // relative, with slashes
	content []byte
}

// newModule checks what the command line says of a new plugin.
func newModule(name string, f newFlags) (*module, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := f.choosePath(name); err != nil {
		return nil, err
	}
	m := &module{Name: name, Module: f.module, API: strings.ReplaceAll(name, "-", "") + "api", Go: goVersion, Hotplug: hotplugModule, release: ownRelease()}
	m.Version = m.release.version
	if f.replace != "" {
		var err error
		if m.Replace, err = replacement(f.replace, f.dir); err != nil {
			return nil, err
		}
	}
	return m, m.require(f.replace, m.release)
}

// choosePath checks the module's path, or makes one of the plugin's name.
func (f *newFlags) choosePath(name string) error {
	if f.module != "" {
		return checkModulePath(f.module)
	}
	f.module = "example.com/" + name
	if err := checkModulePath(f.module); err != nil {
		return fmt.Errorf("new: found %q, of which no module's path can be made, want another name or a --module: %w", name, err)
	}
	return nil
}

// checkName holds a name against what a manifest allows, and what can be a folder and an element of a module's path everywhere.
func checkName(name string) error {
	if name+"." == rpc.ReservedPrefix {
		return fmt.Errorf("new: found %q, want another name: messages that begin with %q are the protocol's own", name, rpc.ReservedPrefix)
	}
	_, _, err := manifest.Parse(manifest.Template(name, "0.1.0", "x"), manifest.FileName)
	if err == nil && gomodule.CheckImportPath(name) != nil { // of such names it refuses these alone
		return fmt.Errorf("new: found %q, want another name: Windows keeps it for a device, so no folder there and no Go module may have it", name)
	}
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*manifest.Error](err); ok && len(wrong.Problems) > 0 {
		return fmt.Errorf("new: found %q, want %s", name, wrong.Problems[0].Want)
	}
	return fmt.Errorf("new: name %q: %w", name, err)
}

var modulePath = regexp.MustCompile(`^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$`)

// checkModulePath refuses what the go command would refuse in ways that are hard to understand.
func checkModulePath(text string) error {
	elements := strings.Split(text, "/")
	dots := slices.ContainsFunc(elements, func(e string) bool { return strings.HasPrefix(e, ".") || strings.HasSuffix(e, ".") })
	switch {
	case !modulePath.MatchString(text) || dots || strings.HasPrefix(text, "-"):
		return fmt.Errorf("--module: found %q, want a path such as example.org/you/plugin", text)
	case !strings.Contains(elements[0], "."):
		return fmt.Errorf("--module: found %q, whose first element has no dot: such paths are Go's own packages; want one such as example.org/%s", text, text)
	case slices.Contains(elements, "vendor"):
		return fmt.Errorf("--module: found %q: Go keeps the element \"vendor\" for itself, want another path", text)
	}
	if err := gomodule.CheckPath(text); err != nil {
		if wrong, ok := errors.AsType[*gomodule.InvalidPathError](err); ok {
			err = wrong.Err
		}
		return fmt.Errorf("--module: found %q, which the go command refuses, want another path: %w", text, err)
	}
	return nil
}

// replacement is a checkout as the go.mod of a new module has it: as it was named, if that was from the root, else from the module's folder.
func replacement(checkout, dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		return "", exitf(exitHost, "--replace: %w: want a checkout of %s", err, hotplugModule)
	}
	if !regexp.MustCompile(`(?m)^module\s+"?` + regexp.QuoteMeta(hotplugModule) + `"?\s*(//.*)?$`).Match(text) {
		return "", exitf(exitUsage, "--replace: %s holds another module, want a checkout of %s", checkout, hotplugModule)
	}
	if filepath.IsAbs(checkout) {
		return modString(checkout), nil
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", exitf(exitHost, "--replace: %w", err)
	}
	to, err := filepath.Abs(checkout)
	if err != nil {
		return "", exitf(exitHost, "--replace: %w", err)
	}
	rel, err := filepath.Rel(from, to)
	if err != nil { // another volume
		return modString(to), nil
	}
	if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, ".") {
		rel = "./" + rel
	}
	return modString(rel), nil
}

// modString is a text as go.mod has it.
func modString(text string) string {
	if strings.ContainsAny(text, " \t\"'`(),[]{}") || strings.Contains(text, "//") {
		return strconv.Quote(text)
	}
	return text
}

// files are the files of a new plugin, in lexical order.
func (m *module) files() ([]file, error) {
	out := []file{{path.Join("plugins", m.Name, manifest.FileName), manifest.Template(m.Name, "0.1.0", m.Name)}}
	for name, target := range map[string]string{
		"go.mod.tmpl": "go.mod", "gitignore.tmpl": ".gitignore", "main.go.tmpl": "main.go", "main_test.go.tmpl": "main_test.go",
		"contract.go.tmpl": path.Join(m.API, m.API+".go"), "app.go.tmpl": "app/main.go",
	} {
		content, err := m.render(name)
		if err != nil {
			return nil, err
		}
		out = append(out, file{target, content})
	}
	if m.Replace != "" || m.Version != "" {
		out = append(out, file{"go.sum", []byte(m.sum)})
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// render fills in a template. Go is formatted again, because the order of imports and the length of lines depend on names.
func (m *module) render(name string) ([]byte, error) {
	var b bytes.Buffer
	if err := parsedTemplates.ExecuteTemplate(&b, name, m); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".go.tmpl") {
		return b.Bytes(), nil
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return out, nil
}
