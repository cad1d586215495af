package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var (
	buildOnce sync.Once
	buildDir  string
	buildErr  error
)

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

// pluginsFolder builds sample plugins, once for all tests, and returns a folder with these.
func pluginsFolder(t *testing.T, plugins ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts plugins")
	}
	buildOnce.Do(func() { buildDir, buildErr = buildPlugins("markdown", "highlight") })
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	dir := t.TempDir()
	for _, plugin := range plugins {
		if err := os.CopyFS(filepath.Join(dir, plugin), os.DirFS(filepath.Join(buildDir, plugin))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func buildPlugins(plugins ...string) (string, error) {
	dir, err := os.MkdirTemp("", "site-plugins-")
	if err != nil {
		return "", err
	}
	samples := filepath.Join("..", "..", "sample-plugins")
	for _, plugin := range plugins {
		entry := filepath.Join(dir, plugin, plugin)
		if runtime.GOOS == "windows" {
			entry += ".exe"
		}
		build := exec.Command("go", "build", "-o", entry, "./"+plugin)
		build.Dir = samples
		out, err := build.CombinedOutput()
		if err != nil {
			return dir, errors.Join(err, errors.New(string(out)))
		}
		manifest, err := os.ReadFile(filepath.Join(samples, plugin, "plugin.json"))
		if err != nil {
			return dir, err
		}
		if err := os.WriteFile(filepath.Join(dir, plugin, "plugin.json"), manifest, 0o644); err != nil {
			return dir, err
		}
	}
	return dir, nil
}

// A result is what a run of the program left.
type result struct {
	code           int
	stdout, stderr string
	out, state     string // folders
}

func runSite(t *testing.T, plugins string, args ...string) result {
	t.Helper()
	r := result{out: filepath.Join(t.TempDir(), "site"), state: t.TempDir()}
	var stdout, stderr bytes.Buffer
	r.code = run(t.Context(), append([]string{"build", "-plugins", plugins, "-state", r.state, "-out", r.out}, args...), &stdout, &stderr)
	r.stdout, r.stderr = stdout.String(), stderr.String()
	return r
}

// has checks that a file of the site has all of these texts.
func (r result) has(t *testing.T, file string, texts ...string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.out, filepath.FromSlash(file)))
	if err != nil {
		t.Error(err)
		return
	}
	for _, text := range texts {
		if !strings.Contains(string(content), text) {
			t.Errorf("%s has no %q in\n%s", file, text, content)
		}
	}
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg"/>`

// smallSite is a folder named docs.
func smallSite(t *testing.T) string {
	return filepath.Join(files(t, map[string]string{
		"docs/README.md": "# Start & go\n\n## One\n\n## Two\n\n## Three\n\nSee [the guide](guide/use.md#x), [nothing](nothing.md) and [out](../secret.txt).\n\n" +
			"```go\nfunc main() {}\n```\n\n<script>alert(1)</script>\n",
		"docs/guide/use.md":       "# Use\n\n![logo](../img/logo.svg) and [paper](paper.pdf), [back](../README.md).\n",
		"docs/guide/paper.pdf":    "a paper",
		"docs/guide/unlinked.pdf": "nobody asks for it",
		"docs/img/logo.svg":       svg,
		"secret.txt":              "classified",
	}), "docs")
}

func TestSiteIsBuiltByRealPlugins(t *testing.T) {
	r := runSite(t, pluginsFolder(t, "markdown", "highlight"), "-demo", smallSite(t))
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	verdict := regexp.MustCompile(`\ndemo: ok, 2 pages, \d+ calls, 0 failed\n$`)
	if !verdict.MatchString(r.stdout) || strings.Count(r.stdout, "demo:") != 1 || !strings.Contains(r.stdout, "broken links  2\n") {
		t.Errorf("summary:\n%s", r.stdout)
	}
	if r.stderr != "" {
		t.Errorf("stderr, which is not a terminal: %q", r.stderr)
	}
	r.has(t, "index.html", `<h2><a href="docs/README.html">Start &amp; go</a></h2>`, `<a href="docs/guide/use.html" title="guide/use.md">Use</a>`, "2 broken links")
	for _, file := range []string{"docs/README.html", "docs/index.html"} {
		r.has(t, file, "<title>Start &amp; go · Documentation</title>", `href="guide/use.html#x"`, `<a href="nothing.html" class="broken">`,
			`<li class="_d0"><a href="#two">Two</a></li>`, `<span class="kd">func</span>`, "markdown 1.0.0 and highlight 1.0.0")
	}
	r.has(t, "docs/guide/use.html", `href="../README.html"`, "data:image/svg+xml", `href="../../_site/style.css"`)
	r.has(t, "docs/guide/paper.pdf", "a paper")
	r.has(t, "_site/highlight.css", ".chroma")
	r.hasNo(t, "<script", "classified", "nobody asks for it")
}

// hasNo checks that none of these texts is anywhere in the site.
func (r result) hasNo(t *testing.T, texts ...string) {
	t.Helper()
	site := os.DirFS(r.out)
	err := fs.WalkDir(site, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(site, file)
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s has %q", file, text)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPagesReachNoOtherProject(t *testing.T) {
	dir := files(t, map[string]string{"a/a.md": "# A\n\n![](../b/pic.svg) ![](/b/pic.svg) [b](../b/b.md)", "b/b.md": "# B", "b/pic.svg": svg})
	r := runSite(t, pluginsFolder(t, "markdown", "highlight"), filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	if r.code != 0 || !strings.Contains(r.stdout, "broken links  3\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r.hasNo(t, "data:image", svg)
}

func TestSiteIsBuiltWithoutThePageThatFails(t *testing.T) {
	dir := files(t, map[string]string{"good.md": "# Good", "deep.md": strings.Repeat("> ", 200) + "deep"})
	r := runSite(t, pluginsFolder(t, "markdown", "highlight"), "-demo", dir)
	if r.code != 1 || !strings.Contains(r.stdout, "\ndemo: failed, 1 page failed, 1 call failed, ") || !strings.Contains(r.stdout, "deep.md: ") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r.has(t, "index.html", "Good")
}

func TestSiteWithoutHighlighterHasPlainCode(t *testing.T) {
	r := runSite(t, pluginsFolder(t, "markdown"), smallSite(t))
	if r.code != 0 || !strings.Contains(r.stdout, "warning: code is not coloured: ") || !strings.Contains(r.stdout, "go build -o ") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r.has(t, "docs/README.html", "func main()", "Rendered by markdown 1.0.0, plugins")

	r = runSite(t, pluginsFolder(t, "markdown"), "-demo", smallSite(t))
	if r.code != 1 || !strings.Contains(r.stdout, "\ndemo: failed, ") || !strings.Contains(r.stdout, `plugin "highlight" is not installed`) {
		t.Errorf("as a demonstration: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestSiteWithoutRendererSaysWhatToDo(t *testing.T) {
	broken := pluginsFolder(t, "markdown")
	if err := os.WriteFile(filepath.Join(broken, "markdown", "plugin.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, plugins := range map[string]string{
		"no folder": filepath.Join(t.TempDir(), "gone"), "empty folder": t.TempDir(), "broken manifest": broken,
	} {
		r := runSite(t, plugins, "-demo", smallSite(t))
		advice := "cp sample-plugins/markdown/plugin.json " + filepath.ToSlash(filepath.Join(plugins, "markdown"))
		if r.code != 1 || !strings.Contains(r.stderr, advice) || !strings.HasPrefix(r.stdout, "demo: failed, ") {
			t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
		}
		if _, err := os.Stat(r.out); err == nil {
			t.Errorf("%s: a site was written", name)
		}
	}
}

func TestSiteStaysWhenNoPageCanBeRendered(t *testing.T) {
	plugins := pluginsFolder(t, "markdown")
	first := runSite(t, plugins, smallSite(t))
	if first.code != 0 {
		t.Fatal(first.stderr)
	}
	deep := files(t, map[string]string{"deep.md": strings.Repeat("> ", 200) + "deep"})
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"build", "-plugins", plugins, "-state", first.state, "-out", first.out, deep}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "not one page could be rendered") {
		t.Errorf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	first.has(t, "docs/README.html", "Start")
}
