package main

import (
	"slices"
	"strings"
	"testing"
)

func TestProjectsOfOneNameGetFoldersOfTheirOwn(t *testing.T) {
	var projects []*project
	for _, name := range []string{"docs", "Docs", "docs-2", "github.com/yuin/goldmark", "yuin-goldmark", "gopkg.in/yaml.v3", "../..", "_site", "Доки"} {
		projects = append(projects, &project{Name: name})
	}
	nameProjects(projects)
	var got []string
	for _, p := range projects {
		got = append(got, p.Slug)
	}
	want := []string{"docs", "docs-2", "docs-2-2", "yuin-goldmark", "yuin-goldmark-2", "yaml-v3", "pages", "site", "доки"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPagesThatWouldShareAFileAreReported(t *testing.T) {
	p := &project{Slug: "docs"}
	for _, path := range []string{"Guide.md", "guide.md", "README.md", "a/README.md", "a/index.md", "b/readme.md", "b/Readme.md"} {
		p.add(path)
	}
	namePages(p.Pages)
	var got []string
	for _, page := range p.Pages {
		line := page.Path + ": " + strings.Join(page.outputs(), ", ")
		if page.err != nil {
			line = page.Path + ": " + page.err.Error()
		}
		got = append(got, line)
	}
	want := []string{
		"Guide.md: docs/Guide.html",
		"guide.md: would be written over Guide.md: rename one of them",
		"README.md: docs/README.html, docs/index.html",
		"a/README.md: docs/a/README.html",
		"a/index.md: docs/a/index.html",
		"b/readme.md: docs/b/readme.html, docs/b/index.html",
		"b/Readme.md: would be written over b/readme.md: rename one of them",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
