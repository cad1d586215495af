//go:build linux

package e2e_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/document"
	"github.com/go-hotplug/hotplug/internal/newcomer"
)

// A followed document is one whose files are written and whose commands are typed, in order.
type followed struct {
	file     string
	checkout bool // in a copy of this checkout, rather than in an empty folder
}

var followedDocuments = []followed{{"README.md", true}, {"docs/plugin-authors.md", false}, {"docs/host-authors.md", false}}

// notRun are the programs and commands of documents that no test runs: the document, the path or command, and why.
var notRun = []struct{ file, what, why string }{
	{"README.md", "make demo", "it takes minutes on a cold cache: .ci/run runs it"},
	{"README.md", "make test", "it runs this test"},
}

func TestDocumentsDoWhatTheySay(t *testing.T) {
	for _, d := range followedDocuments {
		t.Run(path.Base(d.file), func(t *testing.T) {
			n := d.reader(t)
			for _, s := range document.Script(textOf(t, d.file)) {
				if _, err := n.Do(t.Context(), s); err != nil {
					t.Fatalf("%s:%d: %v", d.file, s.Line, err)
				}
			}
		})
	}
}

func TestTheWayToAPluginThatIsCalledNeedsNoFileWrittenByHand(t *testing.T) {
	for _, s := range document.Script(document.Opening(textOf(t, "docs/plugin-authors.md"))) {
		if s.Command == "" {
			t.Errorf("docs/plugin-authors.md:%d: the way in has a file to write, %s: let hotplug new write it", s.Line, s.Path)
		}
	}
}

// reader is somebody who follows the document.
func (d followed) reader(t *testing.T) *newcomer.Newcomer {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	n, err := newcomer.New(t.TempDir(), root, strings.TrimSpace(string(cache)))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case d.checkout:
		mustDo(t, newcomer.Copy(root, n.Dir))
	case !strings.Contains(textOf(t, d.file), "\n$ go install "): // another document says how to get the command
		opening := document.Script(document.Opening(textOf(t, "docs/plugin-authors.md")))
		_, err := n.Do(t.Context(), opening[0])
		mustDo(t, err)
	}
	return n
}

func textOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryProgramInDocumentsIsRun(t *testing.T) {
	for _, file := range markdown(t) {
		text := textOf(t, file)
		script := document.Script(text)
		isFollowed := slices.ContainsFunc(followedDocuments, func(d followed) bool { return d.file == file })
		for _, b := range document.Blocks(text, "go") {
			isProgram := b.IsMain() || strings.HasSuffix(b.Path(), "_test.go")
			if !isProgram || isFollowed && isUsed(b, script) || isException(file, b.Place()) {
				continue
			}
			t.Errorf("%s:%d: nothing runs this program: name its file in the first line, and show the command that runs or builds it behind it, "+
				"in a block fenced as console; or say in notRun why not", file, b.Line)
		}
		if len(document.Blocks(text, "console")) > 0 && !isFollowed {
			t.Errorf("%s has commands fenced as console, and no test types them: add it to followedDocuments", file)
		}
	}
}

// isUsed reports whether a command of the script needs a block's file before another one takes its place.
func isUsed(b document.Block, script []document.Step) bool {
	begin := slices.IndexFunc(script, func(s document.Step) bool { return s.Block == b })
	if begin < 0 {
		return false
	}
	for _, s := range script[begin+1:] {
		switch {
		case s.Path == b.Path():
			return false
		case needs(s.Command, path.Dir(b.Path()), strings.HasSuffix(b.Path(), "_test.go")):
			return true
		}
	}
	return false
}

// needs reports whether a command runs or builds the program, or runs the tests, of a folder.
func needs(command, dir string, isTest bool) bool {
	words := strings.Fields(command)
	named := slices.ContainsFunc(words, func(w string) bool { return w == "./..." || path.Clean(w) == dir })
	switch {
	case len(words) < 2:
		return false
	case isTest:
		return words[1] == "test" && named
	case words[0] == "make":
		return words[1] == "plugins" && path.Dir(dir) == "sample-plugins"
	}
	return words[0] == "go" && (words[1] == "run" || words[1] == "build") && named
}

func isException(file, what string) bool {
	return slices.ContainsFunc(notRun, func(n struct{ file, what, why string }) bool { return n.file == file && n.what == what })
}

func TestWhatIsNotRunStandsInItsDocument(t *testing.T) {
	for _, n := range notRun {
		if !strings.Contains(textOf(t, n.file), n.what) || n.why == "" {
			t.Errorf("%s does not have %q any more, or nobody says why it is not run", n.file, n.what)
		}
	}
}

// markdown is every document for readers, from the root.
func markdown(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.md", "docs/*.md", "cmd/hotplug/*.md", "examples/*/*.md", "sample-plugins/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			out = append(out, filepath.ToSlash(strings.TrimPrefix(f, ".."+string(filepath.Separator))))
		}
	}
	return out
}
