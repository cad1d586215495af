package hotplug_test

import (
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

// documents is every Markdown file for readers: README and its like at the root, and docs/.
func documents(t *testing.T) []string {
	house(t)
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, more...)
}

// Go code in documents is fenced as ```go. A block with a package clause is a file: it is compiled together with the other
// files of its document. Any other block is a fragment: declarations or statements that parse and are formatted.
// In both, what is left out is a comment (// ...), never bare dots. What is not Go is fenced as something else.
//
// A file goes into the folder that its first line names (`// greeterapi/greeterapi.go`), so that files of one document can import
// each other; without such a line it is a package of its own. The module is the one of the document's `go mod init`, else example.com.
func TestGoCodeInDocumentsCompiles(t *testing.T) {
	for _, doc := range documents(t) {
		t.Run(doc, func(t *testing.T) {
			t.Parallel()
			text := read(t, doc)
			var files []block
			for _, b := range goBlocks(text) {
				if b.isFile() {
					files = append(files, b)
				}
			}
			if len(files) > 0 {
				compile(t, doc, initOf(text), files)
			}
		})
	}
}

func TestGoCodeInDocumentsIsFormatted(t *testing.T) {
	for _, doc := range documents(t) {
		for _, b := range goBlocks(read(t, doc)) {
			want, err := format.Source([]byte(b.text))
			switch {
			case err != nil:
				t.Errorf("%s:%d: neither a Go file nor declarations or statements: %v: complete it, write what is left out as // ..., or fence it as ```text",
					doc, b.line, err)
			case strings.TrimSpace(string(want)) != strings.TrimSpace(b.text):
				t.Errorf("%s:%d: gofmt would change this block to:\n%s", doc, b.line, want)
			}
		}
	}
}

// A block is fenced Go code of a document.
type block struct {
	line int // of its first line of code
	text string
}

func (b block) isFile() bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", b.text, parser.PackageClauseOnly)
	return err == nil
}

var filePath = regexp.MustCompile(`^// ((?:[\w.-]+/)*[\w.-]+\.go)\b`)

// place is the file that a block is written to.
func (b block) place() string {
	if m := filePath.FindStringSubmatch(b.text); m != nil {
		return m[1]
	}
	return fmt.Sprintf("line%d/main.go", b.line)
}

var fence = regexp.MustCompile("^([ \t]*)(```+)[ \t]*([^`]*?)[ \t]*$")

// blocks is a document's fenced code in one language, and its other lines, empty where there is code.
func blocks(text, language string) (code []block, prose []string) {
	prose = strings.Split(text, "\n")
	var open []string // the opening fence: indent, ticks, language; nil outside of code
	var b block
	for i, line := range prose {
		m := fence.FindStringSubmatch(line)
		switch {
		case open == nil && m == nil:
			continue
		case open == nil:
			open, b = m[1:], block{line: i + 2}
		case m != nil && m[3] == "" && len(m[2]) >= len(open[1]):
			if open[2] == language {
				code = append(code, b)
			}
			open = nil
		default:
			b.text += strings.TrimPrefix(line, open[0]) + "\n"
		}
		prose[i] = ""
	}
	return code, prose
}

func goBlocks(text string) []block {
	code, _ := blocks(text, "go")
	return code
}

func prose(text string) []string {
	_, lines := blocks(text, "")
	return lines
}

func TestBlocksOfADocumentAreFoundByFenceAndLanguage(t *testing.T) {
	text := "see [a](b)\n```go\npackage a\n```\n````text\n```go\nnot code\n```\n````\n- item\n  ```go\n  x := 1\n  ```\nend"
	code, rest := blocks(text, "go")
	want := []block{{3, "package a\n"}, {12, "x := 1\n"}}
	if !slices.Equal(code, want) {
		t.Errorf("blocks: got %+v, want %+v", code, want)
	}
	if got := strings.Join(rest, "|"); got != "see [a](b)|||||||||- item||||end" {
		t.Errorf("prose: got %q", got)
	}
	if !code[0].isFile() || code[1].isFile() {
		t.Error("a block is a file if it has a package clause")
	}
}

func TestManifestsInDocumentsAreValid(t *testing.T) {
	for _, doc := range documents(t) {
		code, _ := blocks(read(t, doc), "json")
		for _, b := range code {
			if !strings.Contains(b.text, `"manifest":`) {
				continue
			}
			if _, _, err := manifest.Parse([]byte(b.text), doc); err != nil {
				t.Errorf("%s:%d: this plugin.json is refused: %v", doc, b.line, err)
			}
		}
	}
}

var goModInit = regexp.MustCompile(`go mod init ([\w./-]+)`)

func initOf(text string) string {
	if m := goModInit.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "example.com"
}

// compile type-checks and vets a document's files as a module beside ours.
func compile(t *testing.T, doc, name string, files []block) {
	if out, err := vet(t, doc, name, files); err != nil {
		t.Errorf("code in %s does not compile: %v\n%s", doc, err, out)
	}
}

// vet does so in a workspace of its own: it needs no go.sum, no network and no change to our modules, and what is imported is what is
// checked out here.
func vet(t *testing.T, doc, name string, files []block) (string, error) {
	dir := t.TempDir()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	work := "go 1.26.0\n\nuse ./doc\n"
	for _, m := range modules(t) {
		work += fmt.Sprintf("use %q\n", filepath.ToSlash(filepath.Join(root, m)))
	}
	write(t, filepath.Join(dir, "go.work"), work)
	write(t, filepath.Join(dir, "doc/go.mod"), "module "+name+"\n\ngo 1.26.0\n")
	for _, b := range files {
		origin := fmt.Sprintf("//line %s:%d\n", filepath.ToSlash(filepath.Join(root, doc)), b.line)
		write(t, filepath.Join(dir, "doc", b.place()), origin+b.text)
	}
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = filepath.Join(dir, "doc")
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=", "PWD="+cmd.Dir)
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), filepath.ToSlash(root)+"/", ""), err
}

var (
	link    = regexp.MustCompile(`\]\(<?([^()\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)`)
	inline  = regexp.MustCompile("`[^`]*`")
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
)

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		for i, line := range prose(read(t, doc)) {
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
	for _, line := range prose(read(t, to)) {
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
