package main

import (
	"bytes"
	"context"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// engine lets raw HTML through: whatever it writes is sanitized afterwards, as a whole.
var engine = goldmark.New(
	goldmark.WithExtensions(
		extension.Linkify, extension.Strikethrough, extension.TaskList, extension.Footnote,
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
	),
	goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithParagraphTransformers(
		util.Prioritized(limitTables, beforeTables), util.Prioritized(limitParagraphs, afterTables))),
	goldmark.WithRendererOptions(html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 100))),
)

// Priorities around that of extension.Table, which is 200.
const (
	beforeTables = 50 // before link references as well, which take a long paragraph apart
	afterTables  = 250
)

// A page is one document on its way to HTML.
type page struct {
	name   string
	source []byte
	root   ast.Node
	host   rpc.Peer
	doc    markdownapi.Document
}

func render(ctx context.Context, req markdownapi.RenderRequest) (markdownapi.Document, error) {
	if err := check(req); err != nil {
		return markdownapi.Document{}, err
	}
	p := &page{name: req.Name, source: []byte(strings.ToValidUTF8(req.Source, "\uFFFD")), host: rpc.Caller(ctx)}
	p.parse()
	p.outline()
	if err := p.highlight(ctx); err != nil {
		return markdownapi.Document{}, err
	}
	var unsafe bytes.Buffer
	if err := engine.Renderer().Render(&unsafe, p.source, p.root); err != nil {
		return markdownapi.Document{}, rpc.Errorf(rpc.Internal, "render %s: %w", p.name, err)
	}
	tags := scan(policy.SanitizeReader(&unsafe).String())
	if err := p.resolve(ctx, tags); err != nil {
		return markdownapi.Document{}, err
	}
	p.doc.HTML = balance(tags)
	return p.doc, nil
}

func (p *page) parse() {
	pc := parser.NewContext(parser.WithIDs(&prose.Slugs{}))
	pc.Set(keyWarn, p.warn)
	p.root = engine.Parser().Parse(text.NewReader(p.source), parser.WithContext(pc))
}
