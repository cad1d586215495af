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

// Options are the Markdown that is understood: tables, task lists, footnotes, bare links, ids of headings.
func Options() []goldmark.Option {
	return []goldmark.Option{
		goldmark.WithExtensions(
			extension.Linkify, extension.Strikethrough, extension.TaskList, extension.Footnote,
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
		),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithParagraphTransformers(
			util.Prioritized(limitTables, beforeTables), util.Prioritized(limitParagraphs, afterTables))),
	}
}

// Parse parses a document that Check has let through, with a parser made of Options. It calls warn, unless that is nil, for what is
// too costly and stands as it was written.
func Parse(p parser.Parser, source []byte, warn func(format string, args ...any)) ast.Node {
	pc := parser.NewContext(parser.WithIDs(&Slugs{}))
	if warn != nil {
		pc.Set(keyWarn, warn)
	}
	return p.Parse(text.NewReader(source), parser.WithContext(pc))
}

// ID is the id of a heading; empty if it has none.
func ID(h *ast.Heading) string {
	id, _ := h.AttributeString("id")
	raw, _ := id.([]byte)
	return string(raw)
}
