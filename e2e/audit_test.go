//go:build linux

package e2e_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAudit(t *testing.T) {
	rows := errorRows(t)
	known := map[string]bool{}
	for _, e := range errorTexts(t) {
		known[e.format] = true
	}
	fset := token.NewFileSet()
	for _, room := range rooms {
		files, _ := filepath.Glob(filepath.Join("..", room, "*.go"))
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, _ := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			ast.Inspect(file, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if text, ok := constant(e); ok {
						e := errorText{"", text}
						if strings.Count(text, " ") >= 2 && !known[text] && !slices.ContainsFunc(rows, e.isOn) {
							fmt.Printf("%s: %q\n", fset.Position(n.Pos()), text)
						}
						return false
					}
				}
				return true
			})
		}
	}
}
