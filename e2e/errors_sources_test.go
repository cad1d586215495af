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
var rooms = []string{"cmd/hotplug", "codec", "control", "control/controlhost", "control/socket", "host", "internal/lockfile", "internal/mp", "internal/peercred", "internal/proc", "internal/regular", "internal/store", "internal/wire", "manifest", "plugin", "registry", "rpc", "rpc/middleware", "shape"}

// An errorText is the format of an error, a warning or a line of the log, as it stands in a source.
type errorText struct {
	place  string // file:line
	format string
	logged bool // a message of the log: it stands in that section, and is the whole text
}

var verb = regexp.MustCompile(`%[-+# 0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]`)

// pieces are the words of a format between its verbs.
func (e errorText) pieces() []string {
	var out []string
	for _, piece := range verb.Split(e.format, -1) {
		piece = strings.ReplaceAll(piece, "\n", " ")
		if piece = strings.Trim(piece, ` ":()[]`); piece != "" {
			out = append(out, piece)
		}
	}
	return out
}

// wraps reports whether a format has next to no words of its own.
func (e errorText) wraps() bool { return len(strings.Join(e.pieces(), "")) < 7 }

// isOn reports whether the words of a format stand on a line of the page, in order.
func (e errorText) isOn(r *row) bool {
	if e.logged {
		return r.section == logSection && r.pattern.MatchString(verb.ReplaceAllString(e.format, "x"))
	}
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

// makers are the functions that make an error or a warning, and which of their arguments is its format.
var makers = map[string]int{
	"Errorf": 0, "New": 0, "NotSent": 1, "exitf": 1, "breakBecause": 0, "broken": 2, "refuse": 1, "duplicateTx": -1, "protocolError": 0,
	"fromContext": 1, "withoutSending": 1, "panic": 0, "note": 0, "warning": 1,
}

// fields of structs hold errors, too.
var fields = []string{"Message", "Reason", "Text", "hint"}

// sentences are functions that return the text of an error, or a part of one.
var sentences = []string{"Error", "Mismatch", "endText", "byHand", "lacksManifest", "memoryNote", "misfit"}

// loggers are the methods that log what an operator should look at.
var loggers = []string{"Warn", "Error", "warn"}

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
				for _, found := range textsOf(n) {
					found.place = strings.TrimPrefix(filepath.ToSlash(name), "../") + ":" + strconv.Itoa(fset.Position(n.Pos()).Line)
					all = append(all, found)
				}
				return true
			})
		}
	}
	return all, nil
})

// textsOf are the texts that are made in a node of a source.
func textsOf(n ast.Node) (all []errorText) {
	add := func(e ast.Expr, logged bool) {
		if text, ok := sentence(e); ok {
			all = append(all, errorText{format: text, logged: logged})
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		format, logged := formatOf(n)
		if format != nil {
			add(format, logged)
		}
		for _, e := range warningsOf(n) {
			add(e, false)
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && slices.Contains(fields, key.Name) {
			add(n.Value, false)
		}
	case *ast.AssignStmt:
		if len(n.Lhs) == 1 && slices.Contains(fields, lastName(n.Lhs[0])) {
			add(n.Rhs[0], false)
		}
	case *ast.FuncDecl:
		if slices.Contains(sentences, n.Name.Name) && n.Body != nil {
			ast.Inspect(n.Body, func(inside ast.Node) bool {
				if r, ok := inside.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
					add(r.Results[0], false)
				}
				return true
			})
		}
	}
	return all
}

// lastName is the name of a function, variable or field, without where it belongs.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// formatOf is the argument of a call that is the text of an error, or of a line of the log; nil if the call makes none.
func formatOf(n *ast.CallExpr) (format ast.Expr, logged bool) {
	name := lastName(n.Fun)
	at, makes := makers[name]
	switch {
	case len(n.Args) == 0:
		return nil, false
	case slices.Contains(loggers, name):
		return n.Args[0], true
	case strings.HasPrefix(name, "Fprint") && lastName(n.Args[0]) == "Stderr":
		return n.Args[1], false
	case !makes:
		return nil, false
	}
	if name == "Errorf" && len(n.Args) > 1 { // rpc.Errorf begins with a code
		if _, ok := constant(n.Args[0]); !ok {
			at = 1
		}
	}
	if at < 0 || at >= len(n.Args) {
		return nil, false
	}
	return n.Args[at], false
}

// warningsOf are the texts that a call appends to warnings.
func warningsOf(n *ast.CallExpr) (all []ast.Expr) {
	if lastName(n.Fun) != "append" || len(n.Args) == 0 || !strings.EqualFold(lastName(n.Args[0]), "warnings") {
		return nil
	}
	for _, e := range n.Args[1:] {
		literal, ok := e.(*ast.CompositeLit)
		if !ok {
			all = append(all, e)
			continue
		}
		for _, e := range literal.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && lastName(kv.Key) == "found" {
				all = append(all, kv.Value)
			}
		}
	}
	return all
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
		if e.wraps() && !e.logged || slices.ContainsFunc(unseen, func(begin string) bool {
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
	"the process ended", "the lock was removed by who had it", "the host is stopping it", "goodbye was said", "outbox closed", "taken back before there was room", "its sender does not wait", "not one of the allowed values", "nested too deeply", // other errors are made of them
	"Spec.Path is empty", "the start-up data has a newline inside", "a process on Windows cannot inherit a listening socket", // the host never asks for that
	"%q is not part of it", "%q is not the link that it was", "%q is not the file that it was", "%q was altered", // such a copy is made again, in silence
	"shape/decode.go", "shape/encode.go", "kind %.40q is not known", // of peers that are not built with this library, and of shapes that are made by hand
	"template %s: %w", "new: name %q: %w", // mistakes in the command itself
	"host: plugin %q: no move from", "shape: JSON Schema of", // bugs of this library, that no input can bring about
	"%s is %s at the sender", "internal/mp/errors.go", // become a part of others: "is TYPE here and TYPE there", "messagepack offset N", "corrupt frame: TEXT"
}
