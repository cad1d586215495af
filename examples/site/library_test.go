package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
)

// files writes files, by their paths with /, and returns their folder.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// projectOf makes a project of a folder's Markdown.
func projectOf(t *testing.T, name, dir string) *project {
	t.Helper()
	p, err := openProject(name, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.root.Close() })
	if err := p.find(".", "", isMarkdown); err != nil {
		t.Fatal(err)
	}
	nameProjects([]*project{p})
	namePages(p.Pages)
	return p
}

func symlink(t *testing.T, to, link string) {
	t.Helper()
	if err := os.Symlink(to, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

func TestLibraryRefusesPathsOutOfTheProject(t *testing.T) {
	outside := files(t, map[string]string{"secret.txt": "secret"})
	dir := files(t, map[string]string{"index.md": "# A", "img/ok.png": "png", ".env": "secret", "img/.git/config": "secret", "note.md": "x"})
	symlink(t, filepath.Join(outside, "secret.txt"), filepath.Join(dir, "link.txt"))
	symlink(t, outside, filepath.Join(dir, "linked"))
	symlink(t, filepath.Join("img", "ok.png"), filepath.Join(dir, "inside.png"))
	p, other := projectOf(t, "a", dir), projectOf(t, "b", outside)
	l := newLibrary([]*project{p, other})

	for _, test := range []struct {
		path string
		want error // nil: it is handed out
	}{
		{p.key + "/img/ok.png", nil},
		{p.key + "/inside.png", nil},
		{p.key + "/../" + filepath.Base(outside) + "/secret.txt", rpc.Denied},
		{p.key + "/img/../../secret.txt", rpc.Denied},
		{p.key + "/img/./ok.png", rpc.Denied},
		{p.key + "//img/ok.png", rpc.Denied},
		{p.key + `/img\ok.png`, rpc.Denied},
		{p.key + "/img/ok.png\x00", rpc.Denied},
		{"/" + p.key + "/img/ok.png", rpc.Denied},
		{"", rpc.Denied},
		{filepath.ToSlash(filepath.Join(outside, "secret.txt")), rpc.Denied},
		{p.key + "/link.txt", rpc.Denied},
		{p.key + "/linked/secret.txt", rpc.Denied},
		{p.key + "/.env", rpc.Denied},
		{p.key + "/img/.git/config", rpc.Denied},
		{p.key + "/img", rpc.NotFound},
		{p.key, rpc.NotFound},
		{p.key + "/gone.png", rpc.NotFound},
		{p.key + "/note.md", rpc.NotFound}, // a page, not an asset
		{p.Slug + "/img/ok.png", rpc.NotFound},
		{"b/secret.txt", rpc.NotFound},
	} {
		asset, err := l.readAsset(t.Context(), hostapi.AssetRequest{Path: test.path})
		if !errors.Is(err, test.want) {
			t.Errorf("%q: %v, want %v", test.path, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), dir) || len(asset.Data) > 0) {
			t.Errorf("%q: the refusal tells too much: %v, %q", test.path, err, asset.Data)
		}
	}
}

func TestLibraryKnowsWhatTheSiteWillHave(t *testing.T) {
	p := projectOf(t, "a", files(t, map[string]string{
		"README.md": "", "guide/index.md": "", "guide/a.md": "", "plain/b.md": "", "plain/pic.png": "", "testdata/c.md": "", ".d/e.md": "",
	}))
	var paths []string
	for _, file := range []string{
		"README.md", "guide", "guide/a.md", "plain/pic.png", // what it will have
		"plain", "plain/c.md", "testdata/c.md", ".d/e.md", "guide/a.html",
	} {
		paths = append(paths, p.key+"/"+file)
	}
	paths = append(paths, p.key, "../x")
	reply, err := newLibrary([]*project{p}).exists(t.Context(), hostapi.ExistsRequest{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	if want := append(slices.Clone(paths[4:9]), "../x"); !slices.Equal(reply.Missing, want) {
		t.Errorf("missing: %q\nwant:    %q", reply.Missing, want)
	}
}

func TestReadAssetHandsOutTheBeginning(t *testing.T) {
	p := projectOf(t, "a", files(t, map[string]string{"a.svg": "<svg/>"}))
	asset, err := newLibrary([]*project{p}).readAsset(t.Context(), hostapi.AssetRequest{Path: p.key + "/a.svg", Limit: 4})
	if err != nil {
		t.Fatal(err)
	}
	if string(asset.Data) != "<svg" || asset.Size != 6 || asset.MediaType != "image/svg+xml" {
		t.Errorf("got %q of %d bytes, %s", asset.Data, asset.Size, asset.MediaType)
	}
}

func TestReadAssetRefusesAnAnswerThatFitsInNoFrame(t *testing.T) {
	dir := files(t, map[string]string{"big.bin": ""})
	if err := os.Truncate(filepath.Join(dir, "big.bin"), maxAnswer+1); err != nil {
		t.Fatal(err)
	}
	p := projectOf(t, "a", dir)
	_, err := newLibrary([]*project{p}).readAsset(t.Context(), hostapi.AssetRequest{Path: p.key + "/big.bin"})
	if !errors.Is(err, rpc.Invalid) {
		t.Errorf("a file of %d bytes: %v, want Invalid", maxAnswer+1, err)
	}
}
