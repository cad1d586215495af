package main

import (
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
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
		text := prose.Heading(h, p.source)
		p.doc.Headings = append(p.doc.Headings, markdownapi.Heading{Level: h.Level, ID: prose.ID(h), Text: text})
		if text != "" && h.Level < best {
			best, p.doc.Title = h.Level, text
		}
		return ast.WalkSkipChildren, nil
	})
	p.doc.Words = len(strings.Fields(prose.Text(p.root, p.source)))
}
