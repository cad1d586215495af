package main

import (
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// outline fills in what a table of contents and a title bar need.
func (p *page) outline() {
	best := 7
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		text := strings.Join(strings.Fields(prose(h, p.source)), " ")
		id, _ := h.AttributeString("id")
		raw, _ := id.([]byte)
		p.doc.Headings = append(p.doc.Headings, markdownapi.Heading{Level: h.Level, ID: string(raw), Text: text})
		if h.Level < best {
			best, p.doc.Title = h.Level, text
		}
		return ast.WalkSkipChildren, nil
	})
	p.doc.Words = len(strings.Fields(prose(p.root, p.source)))
}

// prose is the text below a node, without code blocks and raw HTML.
func prose(root ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				out.WriteByte('\n')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte('\n')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}
