package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// paths lists what was collected.
func paths(projects []*project) []string {
	var all []string
	for _, p := range projects {
		for _, page := range p.Pages {
			all = append(all, page.String())
		}
	}
	return all
}

func TestCollectTakesFoldersAndFiles(t *testing.T) {
	dir := files(t, map[string]string{
		"docs/a.md": "", "docs/sub/b.md": "", "docs/c.txt": "", "docs/.git/d.md": "", "docs/node_modules/e.md": "", "docs/site/f.md": "",
		"notes/one.md": "", "notes/two.md": "", "notes/three.md": "",
	})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	symlink(t, at("notes/one.md"), at("docs/link.md"))
	projects, err := collect(t.Context(), options{out: at("docs/site"), sources: []string{at("docs"), at("notes/one.md"), at("notes/two.md")}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(projects)
	if got, want := paths(projects), []string{"docs/a.md", "docs/sub/b.md", "notes/one.md", "notes/two.md"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSourcesInsideAnEarlierOneJoinItsProject(t *testing.T) {
	dir := files(t, map[string]string{"README.md": "", "docs/a.md": "", "other/b.md": "", "empty/c.txt": "", "docs-old/d.md": ""})
	var sources []string
	for _, source := range []string{"README.md", "docs", "empty", "docs", "docs/a.md"} {
		sources = append(sources, filepath.Join(dir, filepath.FromSlash(source)))
	}
	projects, err := collect(t.Context(), options{sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(projects)
	slug := projects[0].Slug
	if got, want := paths(projects), []string{slug + "/README.md", slug + "/docs/a.md"}; !slices.Equal(got, want) || len(projects) != 1 {
		t.Errorf("%d projects with %q, want one with %q", len(projects), got, want)
	}

	apart, err := collect(t.Context(), options{sources: []string{filepath.Join(dir, "docs"), filepath.Join(dir, "docs-old")}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(apart)
	if len(apart) != 2 {
		t.Errorf("folders beside each other are %d projects, want 2", len(apart))
	}
}

func TestCollectNamesTheSourceAtFault(t *testing.T) {
	dir := files(t, map[string]string{"empty/x.txt": "", "page.html": ""})
	for source, want := range map[string]string{
		"empty": "name another folder", "page.html": "expected a folder, or a file that ends in .md", "gone": "gone",
	} {
		projects, err := collect(t.Context(), options{sources: []string{filepath.Join(dir, source)}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "source "+filepath.Join(dir, source)) {
			t.Errorf("%s: %d projects, %v", source, len(projects), err)
		}
	}
}
