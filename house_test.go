package hotplug_test

import (
	"bufio"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the root; the other modules of go.work are named after their folders.
const module = "github.com/go-hotplug/hotplug"

// A source is one parsed Go file, of any platform.
type source struct {
	path    string // from the root, with slashes
	file    *ast.File
	fset    *token.FileSet
	imports []string
	lines   int
}

func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// room is the file's folder from the root; the root itself is ".".
func (s *source) room() string { return path.Dir(s.path) }

// line is "file:line" of a node, as editors follow it.
func (s *source) line(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// house is every Go file of every module of this repository, parsed once for all tests.
func house(t *testing.T) []*source {
	t.Helper()
	if _, err := os.Stat("go.work"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no go.work here: the rules of the house are checked in the repository, not in a copy of the module")
	}
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var parsed = sync.OnceValues(func() (all []*source, err error) {
	fset := token.NewFileSet()
	err = walk(".go", func(name string, text []byte) error {
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil || ast.IsGenerated(file) {
			return err
		}
		s := &source{path: name, file: file, fset: fset, lines: strings.Count(string(text), "\n")}
		for _, i := range file.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			s.imports = append(s.imports, name)
		}
		all = append(all, s)
		return nil
	})
	return all, err
})

// walk visits the repository's files with one ending, but for what is built, hidden or test data.
func walk(ending string, visit func(name string, text []byte) error) error {
	return filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) { // a test's scratch file that has gone since
				return nil
			}
			return err
		}
		if d.IsDir() && (name == "build" || name == "bin" || d.Name() == "testdata" || len(name) > 1 && strings.ContainsAny(d.Name()[:1], "._")) {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() || filepath.Ext(name) != ending {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name), text)
	})
}

// modules is the folder of each module of go.work, "." for the root.
func modules(t *testing.T) (folders []string) {
	t.Helper()
	f, err := os.Open("go.work")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		word := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s.Text()), "use "))
		if word == "." || strings.HasPrefix(word, "./") {
			folders = append(folders, path.Clean(word))
		}
	}
	if len(folders) == 0 {
		t.Fatal("go.work names no module: want lines like ./sample-plugins in a use block")
	}
	return folders
}
