package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
)

const maxHighlights = 1000 // blocks of one document; later ones stay plain

// highlight replaces fenced code blocks by what the highlighter makes of them. It asks the host, which forwards the
// call to whichever plugin it has for that; without one, code stays plain.
func (p *page) highlight(ctx context.Context) error {
	for i, block := range p.fences() {
		if i == maxHighlights {
			p.warn("only the first %d code blocks are highlighted", maxHighlights)
			break
		}
		code := string(block.Lines().Value(p.source))
		req := highlightapi.HighlightRequest{Language: string(block.Language(p.source)), Code: code}
		out, err := highlightapi.Highlight.Call(ctx, p.host, req)
		switch {
		case err == nil:
			block.Parent().ReplaceChild(block.Parent(), block, &codeBlock{language: req.Language, html: out.HTML})
		case ctx.Err() != nil:
			return ctx.Err()
		case absent(err) || errors.Is(err, rpc.NotFound):
			return nil
		default:
			p.warn("code block %d: %v", i+1, err)
		}
	}
	return nil
}

// fences are the blocks that name a language.
func (p *page) fences() []*ast.FencedCodeBlock {
	var found []*ast.FencedCodeBlock
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if block, ok := n.(*ast.FencedCodeBlock); ok && entering && len(block.Language(p.source)) > 0 {
			found = append(found, block)
		}
		return ast.WalkContinue, nil
	})
	return found
}

// absent reports that the host does not offer a message, for now or at all: the page is rendered without.
func absent(err error) bool {
	return errors.Is(err, rpc.Unimplemented) || errors.Is(err, rpc.Unavailable) || errors.Is(err, rpc.Denied)
}

const maxWarnings = 100

func (p *page) warn(format string, args ...any) {
	if len(p.doc.Warnings) < maxWarnings {
		p.doc.Warnings = append(p.doc.Warnings, fmt.Sprintf(format, args...))
	}
}

// A codeBlock is code that has been highlighted.
type codeBlock struct {
	ast.BaseBlock
	language, html string
}

var kindCode = ast.NewNodeKind("HighlightedCode")

func (b *codeBlock) Kind() ast.NodeKind            { return kindCode }
func (b *codeBlock) IsRaw() bool                   { return true }
func (b *codeBlock) Dump(source []byte, level int) { ast.DumpHelper(b, source, level, nil, nil) }

// codeRenderer writes codeBlocks. The highlighter's HTML is sanitized with the rest of the page.
type codeRenderer struct{}

func (codeRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindCode, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if block := n.(*codeBlock); entering {
			_, _ = fmt.Fprintf(w, "<pre class=%q><code class=\"language-%s\">%s</code></pre>\n",
				highlightapi.Class, html.EscapeString(block.language), strings.TrimSuffix(block.html, "\n"))
		}
		return ast.WalkSkipChildren, nil
	})
}
