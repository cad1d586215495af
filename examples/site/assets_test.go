package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestAssetsAreTheFilesThatPagesLinkTo(t *testing.T) {
	p := projectOf(t, "docs", files(t, map[string]string{"a.md": "", "b/index.md": "", "pic.png": "", "doc.pdf": ""}))
	l := newLibrary([]*project{p})
	link := func(file string, broken bool) markdownapi.Link {
		return markdownapi.Link{Target: file, Path: p.key + "/" + file, Broken: broken}
	}
	p.Pages[0].doc.Links = []markdownapi.Link{
		link("pic.png", false), link("a.md", false), link("b", false), link("gone.png", true), {Target: "https://example.com/x.png"}, {Target: "#top"},
	}
	p.Pages[1].doc.Links = []markdownapi.Link{link("pic.png", false), link("doc.pdf", false)}
	if got, want := l.assets(p.Pages), []string{p.key + "/doc.pdf", p.key + "/pic.png"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCopyAssetsLeavesPagesAloneAndStaysInTheProject(t *testing.T) {
	dir := files(t, map[string]string{"a.md": "", "A.html": "an asset", "pic.png": "picture", "sub/pic.png": "other"})
	outside := files(t, map[string]string{"secret": "secret"})
	symlink(t, filepath.Join(outside, "secret"), filepath.Join(dir, "link.png"))
	p := projectOf(t, "docs", dir)
	l := newLibrary([]*project{p})
	o, err := createOutput(filepath.Join(t.TempDir(), "site"))
	if err != nil {
		t.Fatal(err)
	}
	defer o.discard()

	var names []string
	for _, file := range []string{"A.html", "pic.png", "sub/pic.png", "link.png", "../../x", "gone.png"} {
		names = append(names, p.key+"/"+file)
	}
	copied, warnings := l.copyAssets(names, p.Pages, o)
	if copied != 2 || len(warnings) != 3 {
		t.Errorf("copied %d, want 2; warnings %q, want 3", copied, warnings)
	}
	for file, want := range map[string]string{"pic.png": "picture", "sub/pic.png": "other"} {
		if got, err := os.ReadFile(filepath.Join(o.beside, "docs", file)); string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if o.written != int64(len("picture")+len("other")) {
		t.Errorf("%d bytes counted", o.written)
	}
}
