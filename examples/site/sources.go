package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// markdownExt is the ending of the files that become pages. The markdown plugin makes links to them lead to .html.
const markdownExt = ".md"

// collect finds the projects that the command line asks for, and names what they become. Each has pages.
func collect(ctx context.Context, o options) (projects []*project, err error) {
	defer func() {
		if err != nil {
			closeAll(projects)
		}
	}()
	for _, source := range o.sources {
		if projects, err = addSource(projects, source, o.out); err != nil {
			return projects, fmt.Errorf("source %s: %w", source, err)
		}
	}
	if o.modcache {
		modules, err := listModules(ctx, ".")
		if err != nil {
			return projects, err
		}
		projects = append(projects, moduleProjects(modules)...)
	}
	if len(projects) == 0 {
		return nil, errors.New("the modules here depend on none that is in the module cache: run go mod download")
	}
	nameProjects(projects)
	for _, p := range projects {
		namePages(p.Pages)
	}
	return projects, nil
}

func closeAll(projects []*project) {
	for _, p := range projects {
		p.root.Close()
	}
}

// addSource adds a folder as a project, and a file to the project of its folder.
func addSource(projects []*project, source, out string) ([]*project, error) {
	source, err := filepath.Abs(source)
	if err != nil {
		return projects, err
	}
	info, err := os.Stat(source)
	switch {
	case err != nil:
		return projects, err
	case !info.IsDir():
		return addFile(projects, source)
	}
	p, err := openProject(filepath.Base(source), source)
	if err != nil {
		return projects, err
	}
	projects = append(projects, p)
	if err := p.find(out, isMarkdown); err != nil {
		return projects, err
	}
	if len(p.Pages) == 0 {
		return projects, fmt.Errorf("no %s file in it: name another folder", markdownExt)
	}
	return projects, nil
}

// addFile joins files of one folder in one project.
func addFile(projects []*project, file string) ([]*project, error) {
	dir, name := filepath.Split(file)
	dir = filepath.Clean(dir)
	if !isMarkdown(name) {
		return projects, fmt.Errorf("not Markdown: expected a folder, or a file that ends in %s", markdownExt)
	}
	if n := len(projects); n == 0 || projects[n-1].dir != dir {
		p, err := openProject(filepath.Base(dir), dir)
		if err != nil {
			return projects, err
		}
		projects = append(projects, p)
	}
	projects[len(projects)-1].add(name)
	return projects, nil
}

func isMarkdown(name string) bool { return path.Ext(name) == markdownExt }

// find adds the files whose name is wanted, in the order of their paths. Links are not followed; hidden folders, those that
// are no documentation, and the site itself are left out.
func (p *project) find(out string, wanted func(name string) bool) error {
	return fs.WalkDir(p.root.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (skipped(file) || filepath.Join(p.dir, filepath.FromSlash(file)) == out):
			return fs.SkipDir
		case d.Type().IsRegular() && wanted(d.Name()):
			p.add(file)
		}
		return nil
	})
}

func skipped(dir string) bool {
	switch base := path.Base(dir); base {
	case ".":
		return false
	case "testdata", "node_modules", "vendor":
		return true
	default:
		return strings.HasPrefix(base, ".")
	}
}
