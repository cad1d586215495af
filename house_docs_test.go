package hotplug_test

import (
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/document"
	"github.com/go-hotplug/hotplug/manifest"
)

// documents is every Markdown file for readers, also those of the command, the samples and the examples.
func documents(t *testing.T) []string {
	house(t)
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "cmd/hotplug/*.md", "examples/*/*.md", "sample-plugins/*.md"} {
		more, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	return files
}

// Go code in documents is fenced as ```go. A block with a package clause is a file: it is compiled together with the other
// files of its document, and e2e runs the programs. Any other block is a fragment: declarations or statements that parse and are formatted.
// In both, what is left out is a comment (// ...), never bare dots. What is not Go is fenced as something else.
//
// A file goes into the folder that its first line names (`// greeterapi/greeterapi.go`), so that files of one document can import
// each other; without such a line it is a package of its own. A later file with the same path replaces it. The module is the one of the
// document's `go mod init` or `hotplug new`, else example.com; example.com/greeter is what docs/plugin-authors.md writes.
func TestGoCodeInDocumentsCompiles(t *testing.T) {
	for _, doc := range documents(t) {
		t.Run(doc, func(t *testing.T) {
			t.Parallel()
			text := read(t, doc)
			for _, files := range document.Stages(text) {
				if slices.ContainsFunc(files, func(f document.Step) bool { return f.Block.Language == "go" }) {
					compile(t, doc, initOf(text), files)
				}
			}
		})
	}
}

func TestGoCodeInDocumentsIsFormatted(t *testing.T) {
	for _, doc := range documents(t) {
		for _, b := range document.Blocks(read(t, doc), "go") {
			want, err := format.Source([]byte(b.Text))
			switch {
			case err != nil:
				t.Errorf("%s:%d: neither a Go file nor declarations or statements: %v: complete it, write what is left out as // ..., or fence it as ```text",
					doc, b.Line, err)
			case strings.TrimSpace(string(want)) != strings.TrimSpace(b.Text):
				t.Errorf("%s:%d: gofmt would change this block to:\n%s", doc, b.Line, want)
			}
		}
	}
}

func TestManifestsInDocumentsAreValid(t *testing.T) {
	for _, doc := range documents(t) {
		for _, b := range document.Blocks(read(t, doc), "json") {
			if !strings.Contains(b.Text, `"manifest":`) {
				continue
			}
			if _, _, err := manifest.Parse([]byte(b.Text), doc); err != nil {
				t.Errorf("%s:%d: this plugin.json is refused: %v", doc, b.Line, err)
			}
		}
	}
}

const (
	greeterDoc    = "docs/plugin-authors.md"
	greeterModule = "example.com/greeter"
)

var (
	goModInit  = regexp.MustCompile(`(?m)^\$ .*go mod init ([\w./-]+)`)
	hotplugNew = regexp.MustCompile(`(?m)^\$ hotplug new ([\w-]+)`)
)

func initOf(text string) string {
	if m := goModInit.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	if m := hotplugNew.FindStringSubmatch(text); m != nil {
		return "example.com/" + m[1]
	}
	return "example.com"
}

// compile type-checks and vets a document's files as a module beside ours.
func compile(t *testing.T, doc, name string, files []document.Step) {
	if out, err := vet(t, doc, name, files); err != nil {
		t.Errorf("code in %s does not compile: %v\n%s", doc, err, out)
	}
}

// vet does so in a workspace of its own: it needs no go.sum, no network and no change to our modules, and what is imported is what is
// checked out here.
func vet(t *testing.T, doc, name string, files []document.Step) (string, error) {
	dir := t.TempDir()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	work := "go 1.26.0\n\nuse ./doc\n"
	for _, m := range modules(t) {
		work += fmt.Sprintf("use %q\n", filepath.ToSlash(filepath.Join(root, m)))
	}
	writeModule(t, filepath.Join(dir, "doc"), doc, name, files)
	if name != greeterModule {
		work += "use ./greeter\n"
		stages := document.Stages(read(t, greeterDoc))
		writeModule(t, filepath.Join(dir, "greeter"), greeterDoc, greeterModule, stages[len(stages)-1])
	}
	write(t, filepath.Join(dir, "go.work"), work)
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = filepath.Join(dir, "doc")
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=", "PWD="+cmd.Dir)
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), filepath.ToSlash(root)+"/", ""), err
}

// writeModule writes files of a document, and what the compiler says of them names the document.
func writeModule(t *testing.T, dir, doc, name string, files []document.Step) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module "+name+"\n\ngo 1.26.0\n")
	for _, f := range files {
		origin := ""
		if path.Ext(f.Path) == ".go" {
			origin = fmt.Sprintf("//line %s:%d\n", filepath.ToSlash(filepath.Join(root, doc)), f.Line)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(f.Path)), origin+f.Content)
	}
}

var (
	link    = regexp.MustCompile(`\]\(<?([^()\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)`)
	inline  = regexp.MustCompile("`[^`]*`")
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
)

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		for i, line := range document.Prose(read(t, doc)) {
			for _, m := range link.FindAllStringSubmatch(inline.ReplaceAllString(line, "``"), -1) {
				target := m[1] + m[2]
				if strings.Contains(target, ":") { // another site; or mail
					continue
				}
				if problem := follow(t, doc, target); problem != "" {
					t.Errorf("%s:%d: link to %s: %s", doc, i+1, target, problem)
				}
			}
		}
	}
}

// follow says what is wrong with a relative link, if anything is.
func follow(t *testing.T, doc, target string) string {
	file, anchor, _ := strings.Cut(target, "#")
	to := doc
	if file != "" {
		to = path.Join(path.Dir(doc), file)
	}
	if strings.HasPrefix(to, "../") || strings.HasPrefix(file, "/") {
		return "leads out of the repository"
	}
	if _, err := os.Stat(to); err != nil {
		return "there is no " + to
	}
	if anchor == "" || path.Ext(to) != ".md" {
		return ""
	}
	for _, line := range document.Prose(read(t, to)) {
		if m := heading.FindStringSubmatch(line); m != nil && slug(m[1]) == anchor {
			return ""
		}
	}
	return "no heading of " + to + " has the anchor #" + anchor
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)

// slug is the anchor that a heading gets where Markdown is shown.
func slug(heading string) string {
	plain := notInSlug.ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(plain, " ", "-")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func stderrOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}
