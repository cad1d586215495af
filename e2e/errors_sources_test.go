//go:build linux

package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// rooms are the packages whose errors people meet.
var rooms = []string{"cmd/hotplug", "codec", "host", "internal/mp", "internal/peercred", "internal/proc", "internal/store", "internal/wire", "manifest", "plugin", "registry", "rpc", "rpc/middleware", "shape"}

// An errorText is the format of an error as it stands in a source.
type errorText struct {
	place  string // file:line
	format string
}

var verb = regexp.MustCompile(`%[-+# 0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]`)

// pieces are the words of a format between its verbs.
func (e errorText) pieces() []string {
	var out []string
	for _, piece := range verb.Split(e.format, -1) {
		if piece = strings.Trim(piece, ` ":()[]`+"\n"); piece != "" {
			out = append(out, piece)
		}
	}
	return out
}

// wraps reports whether a format has next to no words of its own.
func (e errorText) wraps() bool { return len(strings.Join(e.pieces(), "")) < 7 }

// isOn reports whether the words of a format stand on a line of the page, in order.
func (e errorText) isOn(r *row) bool {
	rest := r.text
	for _, piece := range e.pieces() {
		_, after, found := strings.Cut(rest, piece)
		if !found {
			return false
		}
		rest = after
	}
	return true
}

// makers are the functions that make an error, and which of their arguments is its format.
var makers = map[string]int{"Errorf": 0, "New": 0, "NotSent": 1, "exitf": 1, "breakBecause": 0, "broken": 2, "refuse": 1, "duplicateTx": -1, "protocolError": 0}

// errorTexts is every format of an error in the sources.
func errorTexts(t *testing.T) []errorText {
	t.Helper()
	all, err := readErrorTexts()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var readErrorTexts = sync.OnceValues(func() (all []errorText, err error) {
	fset := token.NewFileSet()
	for _, room := range rooms {
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil || len(files) == 0 {
			return nil, fs.ErrNotExist
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := formatOf(n); ok {
					at := fset.Position(n.Pos())
					all = append(all, errorText{strings.TrimPrefix(filepath.ToSlash(name), "../") + ":" + strconv.Itoa(at.Line), text})
				}
				return true
			})
		}
	}
	return all, nil
})

// formatOf is the format of an error, if that is what is made here.
func formatOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		at, makes := makers[name]
		if !makes && name == "Errorf" || len(n.Args) == 0 || !makes {
			return "", false
		}
		if name == "Errorf" && len(n.Args) > 1 { // rpc.Errorf begins with a code
			if text, ok := constant(n.Args[0]); ok {
				return text, true
			}
			at = 1
		}
		if at < 0 || at >= len(n.Args) {
			return "", false
		}
		return constant(n.Args[at])
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Message" || key.Name == "Reason") {
			return sentence(n.Value)
		}
	}
	return "", false
}

// sentence is the text of a field: a constant, or a Sprintf.
func sentence(e ast.Expr) (string, bool) {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			e = call.Args[0]
		}
	}
	return constant(e)
}

// constant is a string literal, or several that are added up; what is added and is no literal counts as a verb.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, okLeft := constant(e.X)
		right, okRight := constant(e.Y)
		if !okLeft {
			left = "%s"
		}
		if !okRight {
			right = "%s"
		}
		return left + right, okLeft || okRight
	}
	return "", false
}

func TestErrorsOfTheSourcesStandOnThePage(t *testing.T) {
	rows := errorRows(t)
	for _, e := range errorTexts(t) {
		if e.wraps() || slices.ContainsFunc(unseen, func(begin string) bool {
			return strings.HasPrefix(e.format, begin) || strings.HasPrefix(e.place, begin)
		}) {
			continue
		}
		if !slices.ContainsFunc(rows, e.isOn) {
			t.Errorf("%s: %s does not have the error %q", e.place, errorsPage, e.format)
		}
	}
}

// unseen are the errors that nobody reads, by their beginning or by their source. Whoever adds one says why nobody does.
var unseen = []string{
	"the process ended", "the host is stopping it", "goodbye was said", "outbox closed", "its sender does not wait", "not one of the allowed values", "nested too deeply", // other errors are made of them
	"Spec.Path is empty", "the start-up data has a newline inside", "a process on Windows cannot inherit a listening socket", // the host never asks for that
	"%q is not part of it", "%q is not the link that it was", "%q is not the file that it was", "%q was altered", // such a copy is made again, in silence
	"shape/decode.go", "shape/encode.go", "kind %.40q is not known", // of peers that are not built with this library, and of shapes that are made by hand
	"template %s: %w", "new: name %q: %w", // mistakes in the command itself
}
