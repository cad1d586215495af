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
