package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A module is what go list says of one.
type module struct {
	Path    string
	Version string
	Dir     string // empty if it is not in the module cache
	Main    bool
	Replace *module
}

// listModules asks the go command for all modules that the module or workspace of a folder depends on. It works without a
// network: what is not in the module cache has no Dir.
func listModules(ctx context.Context, dir string) ([]module, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-e", "-json=Path,Version,Dir,Main,Replace", "all")
	list.Dir = dir
	list.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules of %s: %w\n%sinstall Go, or leave out -modcache", dir, err, stderr.String())
	}
	return readModules(bytes.NewReader(out))
}

// readModules reads the JSON values that go list writes one after the other.
func readModules(r io.Reader) ([]module, error) {
	var all []module
	for in := json.NewDecoder(r); ; {
		var m module
		switch err := in.Decode(&m); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read what go list says of modules: %w", err)
		}
		all = append(all, m)
	}
}

// moduleProjects opens those that are in the module cache and have something to read. The modules of the workspace itself are not
// among them, nor is what go.mod replaces by a folder: that is source code in work.
func moduleProjects(modules []module) []*project {
	var projects []*project
	seen := map[string]bool{}
	for _, m := range modules {
		if m.Main || m.Dir == "" || seen[m.Dir] || m.Replace != nil && m.Replace.Version == "" {
			continue
		}
		seen[m.Dir] = true
		p, err := openProject(m.Path, m.Dir)
		if err != nil {
			continue // removed from the cache since the go command looked
		}
		p.Version = m.Version
		if err := p.find(".", "", isReadable); err != nil || len(p.Pages) == 0 {
			p.root.Close()
			continue
		}
		projects = append(projects, p)
	}
	return projects
}

// isReadable says whether a module's file is for people who use it.
func isReadable(name string) bool {
	upper := strings.ToUpper(name)
	return isMarkdown(name) && (strings.HasPrefix(upper, "README") || strings.HasPrefix(upper, "CHANGELOG"))
}
