package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishSite makes a site of one file.
func publishSite(t *testing.T, dir, name string) {
	t.Helper()
	o, err := createOutput(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.discard()
	if err := o.writeText(name, "text"); err != nil {
		t.Fatal(err)
	}
	if err := o.publish(); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestPublishReplacesTheSiteAndLeavesNothingBesideIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "site")
	publishSite(t, dir, "old.html")
	publishSite(t, dir, "sub/new.html")
	if got := names(t, dir); got != ".site sub" {
		t.Errorf("the site has %q", got)
	}
	if got := names(t, filepath.Dir(dir)); got != "site" {
		t.Errorf("beside the site is %q", got)
	}
}

func TestTheSiteStaysUntilTheNewOneIsPublished(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	publishSite(t, dir, "old.html")
	o, err := createOutput(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.writeText("new.html", "text"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != ".site old.html" {
		t.Errorf("meanwhile the site has %q", got)
	}
	o.discard()
	if got := names(t, filepath.Dir(dir)) + ": " + names(t, dir); got != "site: .site old.html" {
		t.Errorf("after a discard: %q", got)
	}
}

func TestOutputRefusesAFolderThatIsNoSite(t *testing.T) {
	dir := files(t, map[string]string{"thesis.md": "years of work"})
	if _, err := createOutput(dir); err == nil || !strings.Contains(err.Error(), "name another folder") {
		t.Errorf("got %v", err)
	}
	if _, err := createOutput(filepath.Join(dir, "thesis.md")); err == nil {
		t.Error("a file was taken for a folder to replace")
	}
	if got := names(t, dir); got != "thesis.md" {
		t.Errorf("the folder has %q", got)
	}
	publishSite(t, t.TempDir(), "an empty folder is fine.html")
}

func TestOutputRefusesNamesOutOfTheSite(t *testing.T) {
	o, err := createOutput(filepath.Join(t.TempDir(), "site"))
	if err != nil {
		t.Fatal(err)
	}
	defer o.discard()
	for _, name := range []string{"../x", "a/../../x", "/x", ""} {
		if err := o.writeText(name, "text"); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	if err := o.writeText("twice", "text"); err != nil {
		t.Fatal(err)
	}
	if err := o.writeText("twice", "text"); err == nil {
		t.Error("a file was written twice")
	}
}
