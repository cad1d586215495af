package prose

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Priorities around that of extension.Table, which is 200.
const (
	beforeTables = 50 // before link references as well, which take a long paragraph apart
	afterTables  = 250
)

// Options are the Markdown that is understood: tables, task lists, footnotes, bare links.
func Options() []goldmark.Option {
	return []goldmark.Option{
		goldmark.WithExtensions(
			extension.Linkify, extension.Strikethrough, extension.TaskList, extension.Footnote,
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
		),
		goldmark.WithParserOptions(parser.WithParagraphTransformers(
			util.Prioritized(limitTables, beforeTables), util.Prioritized(limitParagraphs, afterTables))),
	}
}

// Parse parses a document that Check has let through, with a parser made of Options, and gives each heading its id. It calls warn, unless that is nil, for what is
// too costly and stands as it was written.
func Parse(p parser.Parser, source []byte, warn func(format string, args ...any)) ast.Node {
	pc := parser.NewContext()
	if warn != nil {
		pc.Set(keyWarn, warn)
	}
	root := p.Parse(text.NewReader(source), parser.WithContext(pc))
	name(root, source)
	return root
}

// name gives the headings their ids. goldmark's own way makes them of the source, addresses of links and badges included, and then
// nobody's links fit.
func name(root ast.Node, source []byte) {
	ids := slugs{}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		h.SetAttributeString("id", []byte(ids.next(Heading(h, source))))
		return ast.WalkSkipChildren, nil
	})
}

// ID is the id of a heading; empty if it has none.
func ID(h *ast.Heading) string {
	id, _ := h.AttributeString("id")
	raw, _ := id.([]byte)
	return string(raw)
}
