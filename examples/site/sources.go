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

// addSource adds the pages of a folder, or a file. What lies inside of an earlier source's folder joins that project, so that their
// pages can link to each other: README.md and docs beside it are one project.
func addSource(projects []*project, source, out string) ([]*project, error) {
	source, err := filepath.Abs(source)
	if err != nil {
		return projects, err
	}
	info, err := os.Stat(source)
	switch {
	case err != nil:
		return projects, err
	case info.IsDir():
		return addFolder(projects, source, out)
	case !isMarkdown(source):
		return projects, fmt.Errorf("not Markdown: expected a folder, or a file that ends in %s", markdownExt)
	}
	projects, p, below, err := home(projects, filepath.Dir(source))
	if err != nil {
		return projects, err
	}
	p.add(path.Join(below, filepath.Base(source)))
	return projects, nil
}

func addFolder(projects []*project, dir, out string) ([]*project, error) {
	projects, p, below, err := home(projects, dir)
	if err != nil {
		return projects, err
	}
	if err := p.find(below, out, isMarkdown); err != nil {
		return projects, err
	}
	if len(p.Pages) == 0 {
		return projects, fmt.Errorf("no %s file in it: name another folder", markdownExt)
	}
	return projects, nil
}

// home is the project that a folder belongs to, and where in it: that of a folder around it, or a new one.
func home(projects []*project, dir string) (all []*project, p *project, below string, err error) {
	for _, p := range projects {
		if rel, err := filepath.Rel(p.dir, dir); err == nil && filepath.IsLocal(rel) {
			return projects, p, filepath.ToSlash(rel), nil
		}
	}
	if p, err = openProject(filepath.Base(dir), dir); err != nil {
		return projects, nil, "", err
	}
	return append(projects, p), p, ".", nil
}

func isMarkdown(name string) bool { return path.Ext(name) == markdownExt }

// find adds the files of a folder of the project whose name is wanted, in the order of their paths. Links are not followed; hidden folders, those that
// are no documentation, and the site itself are left out.
func (p *project) find(below, out string, wanted func(name string) bool) error {
	return fs.WalkDir(p.root.FS(), below, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != below && (skipped(file) || filepath.Join(p.dir, filepath.FromSlash(file)) == out):
			return fs.SkipDir
		case d.Type().IsRegular() && wanted(d.Name()):
			p.add(file)
		}
		return nil
	})
}

func skipped(dir string) bool {
	switch base := path.Base(dir); base {
	case "testdata", "node_modules", "vendor":
		return true
	default:
		return strings.HasPrefix(base, ".")
	}
}
