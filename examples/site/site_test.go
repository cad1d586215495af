package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"math/rand/v2"
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
	buildOnce.Do(func() { buildDir, buildErr = buildPlugins(append(helperNames(), "markdown")...) })
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

// entryName is the file of a plugin's program.
func entryName(plugin string) string {
	if runtime.GOOS == "windows" {
		return plugin + ".exe"
	}
	return plugin
}

func buildPlugins(plugins ...string) (string, error) {
	dir, err := os.MkdirTemp("", "site-plugins-")
	if err != nil {
		return "", err
	}
	samples := filepath.Join("..", "..", "sample-plugins")
	for _, plugin := range plugins {
		entry := filepath.Join(dir, plugin, entryName(plugin))
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
		"docs/guide/use.md":       "# Use\n\n![logo](../img/logo.svg) and [paper](paper.pdf), [back](../README.md#two), [not back](../README.md#Two).\n",
		"docs/guide/paper.pdf":    "a paper",
		"docs/guide/unlinked.pdf": "nobody asks for it",
		"docs/img/logo.svg":       svg,
		"secret.txt":              "classified",
	}), "docs")
}

func TestSiteIsBuiltByRealPlugins(t *testing.T) {
	r := runSite(t, pluginsFolder(t, append(helperNames(), "markdown")...), "-demo", smallSite(t))
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	verdict := regexp.MustCompile(`\ndemo: ok, 2 pages, \d+ calls, 0 failed\n$`)
	if !verdict.MatchString(r.stdout) || strings.Count(r.stdout, "demo:") != 1 || !strings.Contains(r.stdout, "broken links  4, see broken-links.html\n") {
		t.Errorf("summary:\n%s", r.stdout)
	}
	if r.stderr != "" {
		t.Errorf("stderr, which is not a terminal: %q", r.stderr)
	}
	r.has(t, "index.html", `<h2><a href="docs/README.html">Start &amp; go</a></h2>`, `<a href="docs/guide/use.html" title="guide/use.md">Use</a>`, "4 broken links", "<time>&lt; 1 min</time>")
	for _, file := range []string{"docs/README.html", "docs/index.html"} {
		r.has(t, file, "<title>Start &amp; go · Documentation</title>", `href="guide/use.html#x"`, `<a href="nothing.html" class="broken">`,
			`<li class="_d0"><a href="#two">Two</a></li>`, `<span class="kd">func</span>`, "Made by markdown 1.0.0, highlight 1.0.0, linkcheck 1.0.0, outline 1.1.0, wordcount 1.0.0: plugins")
	}
	r.has(t, "docs/guide/use.html", `href="../README.html#two"`, "data:image/svg+xml", `href="../../_site/style.css"`)
	r.has(t, "docs/guide/paper.pdf", "a paper")
	r.has(t, "broken-links.html", `<section id="docs">`, `<h3><a href="docs/README.html">README.md</a> <small>3 broken links</small></h3>`,
		"<code>nothing.md</code> <span>there is no docs/<wbr>nothing.md</span>", "<code>guide/<wbr>use.md#x</code> <span>docs/<wbr>guide/<wbr>use.md has no #x</span>",
		"<code>../<wbr>README.md#Two</code> <span>docs/<wbr>README.md has no #Two: did you mean #two?</span>")
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
	if r.code != 0 || !strings.Contains(r.stdout, "broken links  3, see broken-links.html\n") {
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

func TestSiteDoesWithoutPluginsThatAreNotThere(t *testing.T) {
	r := runSite(t, pluginsFolder(t, "markdown"), "-demo", smallSite(t))
	if r.code != 0 || !strings.Contains(r.stdout, "\ndemo: ok, 2 pages, ") || strings.Contains(r.stdout, "failed:") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, helper := range helpers {
		if !strings.Contains(r.stdout, "\nwithout: "+helper.name+": "+helper.without+"\n") {
			t.Errorf("the summary does not say that there is no %s:\n%s", helper.name, r.stdout)
		}
	}
	r.has(t, "docs/README.html", "func main()", "Made by markdown 1.0.0: plugins", `<li class="_d0"><a href="#two">Two</a></li>`)
	r.has(t, "broken-links.html", "<code>nothing.md</code> <span>is not in the site</span>")
	r.hasNo(t, "to read</time>", "_site/pictures")
}

func TestAPluginThatIsThereAndCannotStartHasFailed(t *testing.T) {
	plugins := pluginsFolder(t, "markdown", "highlight", "outline")
	for name, spoiled := range map[string]string{"plugin.json": "{", "outline": "no program"} {
		for _, file := range []string{"outline", "plugin.json"} {
			content, err := os.ReadFile(filepath.Join(buildDir, "outline", file))
			if err != nil {
				t.Skip(err) // it is outline.exe
			}
			if file == name {
				content = []byte(spoiled)
			}
			if err := os.WriteFile(filepath.Join(plugins, "outline", file), content, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		r := runSite(t, plugins, "-demo", smallSite(t))
		if r.code != 1 || !strings.Contains(r.stdout, "failed: plugin outline: ") || !strings.Contains(r.stdout, "\ndemo: failed, ") {
			t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
		}
		r.has(t, "docs/README.html", `<li class="_d0"><a href="#two">Two</a></li>`) // of the renderer's headings
	}
}

func TestLargePicturesAreShownSmallAndLinkToTheWhole(t *testing.T) {
	dir := files(t, map[string]string{
		"a.md":     "# A\n\n![noise](big.png) [![linked](big.png)](https://example.com) ![tiny](tiny.png)\n",
		"sub/b.md": "# B\n\n![noise](../big.png)\n", "big.png": string(noise(t, 900, 600)), "tiny.png": string(noise(t, 8, 8)),
		"broken.png": strings.Repeat("no picture", 10_000), "c.md": "![](broken.png)",
	})
	r := runSite(t, pluginsFolder(t, "markdown", "thumbnail"), dir)
	if r.code != 0 || !strings.Contains(r.stdout, "\npictures      1 made smaller, by ") || !strings.Contains(r.stdout, "broken.png is as large as it was: it is neither PNG nor JPEG") {
		t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	small, err := filepath.Glob(filepath.Join(r.out, "_site", "pictures", "*-640.png"))
	if err != nil || len(small) != 1 {
		t.Fatalf("small pictures %q, %v; want one", small, err)
	}
	slug := filepath.Base(dir)
	file := "_site/pictures/" + filepath.Base(small[0])
	shown := func(up string) string {
		return `<img src="` + up + file + `" srcset="` + up + file + ` 640w, ` + strings.TrimPrefix(up, "../") + `big.png 900w" sizes="min(100vw, 48rem, 900px)" loading="lazy" alt="`
	}
	r.has(t, slug+"/a.html", `<a class="_picture" href="big.png" title="900 × 600 pixels">`+shown("../")+`noise"`, `rel="nofollow">`+shown("../")+`linked"`, `src="data:image/png`)
	r.has(t, slug+"/sub/b.html", `href="../big.png"`, shown("../../")+`noise"`)
}

func TestAPictureThatIsLargerThanAFrameIsMadeSmaller(t *testing.T) {
	plugins := pluginsFolder(t, "markdown", "thumbnail")
	file := filepath.Join(plugins, "thumbnail", "plugin.json")
	manifest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	manifest = bytes.Replace(manifest, []byte(`"limits": {`), []byte(`"limits": {"frame": "1MiB", `), 1)
	if err := os.WriteFile(file, manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	big := noise(t, 2000, 1000)
	if len(big) <= 1<<20 {
		t.Fatalf("the picture is %d bytes: it fits a frame", len(big))
	}
	uploaded := "\nstreamed      0 headings from outline, " + size(int64(2*len(big))) + " of pictures to thumbnail\n" // once for each width
	r := runSite(t, plugins, "-demo", files(t, map[string]string{"a.md": "![](big.png)", "big.png": string(big)}))
	if r.code != 0 || !strings.Contains(r.stdout, "\npictures      1 made smaller, by ") || !strings.Contains(r.stdout, uploaded) {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// noise is a PNG that cannot be compressed.
func noise(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32())
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
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
