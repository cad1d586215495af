package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestModulesAreReadFromTheCache(t *testing.T) {
	cache := files(t, map[string]string{
		"a@v1/README.md": "", "a@v1/CHANGELOG.md": "", "a@v1/sub/readme-old.md": "", "a@v1/CONTRIBUTING.md": "", "a@v1/README.txt": "",
		"a@v1/testdata/README.md": "", "bare@v1/main.go": "", "fork@v2/README.md": "", "work/README.md": "",
	})
	at := func(name string) string { return filepath.Join(cache, name) }
	projects := moduleProjects([]module{
		{Path: "example.com/main", Dir: at("work"), Main: true},
		{Path: "example.com/a", Version: "v1", Dir: at("a@v1")},
		{Path: "example.com/again", Version: "v1", Dir: at("a@v1")},
		{Path: "example.com/not-downloaded", Version: "v1"},
		{Path: "example.com/removed", Version: "v1", Dir: at("removed@v1")},
		{Path: "example.com/bare", Version: "v1", Dir: at("bare@v1")},
		{Path: "example.com/local", Dir: at("work"), Replace: &module{Path: "../work"}},
		{Path: "example.com/forked", Version: "v1", Dir: at("fork@v2"), Replace: &module{Path: "example.com/fork", Version: "v2"}},
	})
	t.Cleanup(func() { closeAll(projects) })
	var got []string
	for _, p := range projects {
		for _, page := range p.Pages {
			got = append(got, p.Name+" "+p.Version+" "+page.Path)
		}
	}
	want := []string{
		"example.com/a v1 CHANGELOG.md", "example.com/a v1 README.md", "example.com/a v1 sub/readme-old.md", "example.com/forked v1 README.md",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadModulesReadsWhatTheGoCommandWrites(t *testing.T) {
	got, err := readModules(strings.NewReader("{\"Path\":\"a\",\"Main\":true}\n{\n\t\"Path\": \"b\", \"Version\": \"v1\", \"Replace\": {\"Path\": \"c\"}}\n"))
	if err != nil || len(got) != 2 || !got[0].Main || got[1].Replace.Path != "c" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := readModules(strings.NewReader(`{"Path":"a"} go: warning`)); err == nil {
		t.Error("text that is no JSON was taken")
	}
}

func TestListModulesFindsOurOwnDependencies(t *testing.T) {
	all, err := listModules(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Path == "github.com/hashicorp/go-hclog" && m.Dir != "" {
			return
		}
	}
	t.Errorf("go-hclog, which this very program imports, is not among %d modules", len(all))
}

func TestListModulesSaysWhatToDo(t *testing.T) {
	t.Setenv("GOWORK", "off")
	_, err := listModules(t.Context(), t.TempDir()) // no go.mod
	if err == nil || !strings.Contains(err.Error(), "leave out -modcache") {
		t.Errorf("got %v", err)
	}
}
