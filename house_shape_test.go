package hotplug_test

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

// The hard limits. About 10 lines is what a function should have; 40 wants a reason.
const (
	maxFunction = 60
	maxFile     = 500
)

func TestNoFunctionIsOverSixtyLines(t *testing.T) {
	for _, s := range house(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			name := "function literal"
			switch f := n.(type) {
			case *ast.FuncDecl:
				name = f.Name.Name
			case *ast.FuncLit:
			default:
				return true
			}
			if lines := s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1; lines > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d: split it by what it does", s.line(n), name, lines, maxFunction)
			}
			return true
		})
	}
}

func TestNoFileIsOverFiveHundredLines(t *testing.T) {
	for _, s := range house(t) {
		if s.lines > maxFile {
			t.Errorf("%s has %d lines, at most %d: a file holds one idea; tests are split by theme", s.path, s.lines, maxFile)
		}
	}
}

// A package says what it is in doc.go. A program may say it in main.go, and a package of one file in that file.
func TestEveryPackageHasADocGo(t *testing.T) {
	packages := make(map[string][]*source)
	for _, s := range house(t) {
		if !s.isTest() {
			packages[s.room()] = append(packages[s.room()], s)
		}
	}
	for room, files := range packages {
		var where []string
		for _, s := range files {
			if s.file.Doc != nil && strings.TrimSpace(s.file.Doc.Text()) != "" {
				where = append(where, path.Base(s.path))
				checkOpening(t, s)
			}
		}
		switch {
		case len(where) == 0:
			t.Errorf("%s: no package comment: add a doc.go that says in one sentence what the package is for", room)
		case len(where) > 1:
			t.Errorf("%s: package comments in %s: keep one, in doc.go", room, strings.Join(where, " and "))
		case where[0] == "doc.go" || len(files) == 1 || files[0].file.Name.Name == "main" && where[0] == "main.go":
		default:
			t.Errorf("%s: the package comment is in %s: move it to doc.go", room, where[0])
		}
	}
}

func checkOpening(t *testing.T, s *source) {
	name := s.file.Name.Name
	if name != "main" && !strings.HasPrefix(s.file.Doc.Text(), "Package "+name+" ") {
		t.Errorf("%s: the package comment begins %q, want %q, as go doc prints it",
			s.line(s.file.Doc), firstLine(s.file.Doc.Text()), "Package "+name+" ...")
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func TestWireStartsNoGoroutine(t *testing.T) {
	for _, s := range house(t) {
		if s.room() != "internal/wire" || s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: internal/wire starts a goroutine: it is bytes only, whoever reads and writes them is rpc", s.line(g))
			}
			return true
		})
	}
}

func TestSchemaFileIsCurrent(t *testing.T) {
	house(t)
	have, err := os.ReadFile("manifest/plugin.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, manifest.Schema()) {
		t.Error("manifest/plugin.schema.json is not what manifest.Schema generates: run go test ./manifest -update")
	}
}

// The Makefile builds each sample into a folder of its name; its manifest must say so too.
func TestSamplesManifestsAreValidAndNamedAfterTheirFolders(t *testing.T) {
	house(t)
	files, err := filepath.Glob("sample-plugins/*/main.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample-plugins/*/main.go found (%v)", err)
	}
	for _, f := range files {
		folder := filepath.Dir(f)
		m, _, err := manifest.Load(filepath.Join(folder, "plugin.json"))
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		name := filepath.Base(folder)
		if m.Name != name {
			t.Errorf("%s/plugin.json: name is %q, want %q", folder, m.Name, name)
		}
		if e, err := m.EntryFor("linux", "amd64"); err != nil || e.Path != name {
			t.Errorf("%s/plugin.json: entry is %q (%v), want %q: that is where make plugins builds it", folder, e.Path, err, name)
		}
	}
}

// The folder of this checkout and its owner's home mean nothing to anyone else.
func TestNoFileNamesAPathOfThisMachine(t *testing.T) {
	house(t)
	var here []string
	if root, err := os.Getwd(); err == nil && strings.Count(filepath.ToSlash(root), "/") > 1 { // not a container's /src
		here = append(here, regexp.QuoteMeta(root))
	}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		here = append(here, regexp.QuoteMeta(home))
	}
	if len(here) == 0 {
		t.Skip("neither a home folder nor a root folder to look for")
	}
	named := regexp.MustCompile(`(^|[^\w.)-])(` + strings.Join(here, "|") + `)(/|\b)`)
	for _, ending := range []string{".go", ".md", ".json", ".mod", ".work", ".sh"} {
		err := walk(ending, func(name string, text []byte) error {
			if at := named.FindIndex(text); at != nil {
				t.Errorf("%s:%d: names a path of this machine: %s", name, 1+bytes.Count(text[:at[0]+1], []byte("\n")), text[at[0]:at[1]])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
