package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forgotten is a plugins folder with a plugin, a program whose manifest was forgotten, and a folder of something else.
func forgotten(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t).sample("counter")
	s.program("highlight", "colours/program")
	s.file("colours/readme.txt", "", 0o644)
	s.file("notes/readme.txt", "", 0o644)
	return s
}

func TestValidateSaysWhatToDoAboutFoldersWithoutAManifest(t *testing.T) {
	s := forgotten(t)
	got := command(t, "validate", s.dir).exits(t, exitOK)
	for _, want := range []string{
		"colours: a folder without plugin.json, which hosts ignore: write one with `hotplug init " + filepath.Join(s.dir, "colours", exe("program")) + "`\n",
		"notes: a folder without plugin.json, which hosts ignore: if it is a plugin, write one that has \"manifest\": 1, \"name\", \"version\"",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q: %s", want, got)
		}
	}
	v := decoded[validation](t, command(t, "validate", "--json", s.dir).exits(t, exitOK))
	if !v.OK || len(v.Manifests) != 1 || len(v.WithoutManifest) != 2 || v.WithoutManifest[0].Path != filepath.Join(s.dir, "colours") {
		t.Errorf("got %+v", v)
	}
}

func TestInitAsValidateAdvisesEndsTheAdvice(t *testing.T) {
	s := forgotten(t)
	advice := decoded[validation](t, command(t, "validate", "--json", s.dir).exits(t, exitOK)).WithoutManifest[0].Text
	_, line, ok := strings.Cut(advice, "`hotplug ")
	if !ok {
		t.Fatalf("no advice in %q", advice)
	}
	command(t, strings.Fields(strings.TrimSuffix(line, "`"))...).exits(t, exitOK)
	l := decoded[listing](t, command(t, "list", "--json", s.dir).exits(t, exitOK))
	if want := []string{filepath.Join(s.dir, "notes")}; len(l.Plugins) != 2 || l.Plugins[1].Status != "chosen" || !slices.Equal(l.Ignored, want) {
		t.Errorf("got %+v", l)
	}
}

func TestListAndRunSayThatFoldersAreIgnored(t *testing.T) {
	s := forgotten(t)
	const want = "hotplug: 2 folders without plugin.json are ignored: `hotplug list --all "
	if got := command(t, "list", s.dir).exits(t, exitOK); !strings.HasPrefix(got.err, want) || strings.Contains(got.out, "notes") {
		t.Errorf("got %s", got)
	}
	if got := command(t, "list", "--all", s.dir).exits(t, exitOK); got.err != "" || strings.Count(got.out, "\tignored\t") != 2 {
		t.Errorf("got %s", got)
	}
	h := hostFolder(t, streams{}, s.dir)
	h.line()
	if _, code := h.end(); code != exitOK || !strings.HasPrefix(h.err.String(), want) {
		t.Errorf("exit code %d, stderr %s", code, h.err)
	}
}

func TestAFolderOfFoldersWithoutManifestsIsNotAnEmptyAnswer(t *testing.T) {
	s := newShelf(t)
	s.program("counter", "count/count")
	l := decoded[listing](t, command(t, "list", "--json", s.dir).exits(t, exitOK))
	if len(l.Plugins) != 0 || len(l.Ignored) != 1 {
		t.Errorf("got %+v", l)
	}
	v := decoded[validation](t, command(t, "validate", "--json", s.dir).exits(t, exitPlugin))
	if v.OK || len(v.Manifests) != 0 || len(v.WithoutManifest) != 1 {
		t.Errorf("got %+v", v)
	}
	command(t, "validate", s.dir).exits(t, exitPlugin).complains(t, "hotplug init ", s.dir+": no plugin.json in it")
}
