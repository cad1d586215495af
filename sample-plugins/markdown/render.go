package main

import (
	"bytes"
	"context"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// engine lets raw HTML through: whatever it writes is sanitized afterwards, as a whole.
var engine = goldmark.New(append(prose.Options(),
	goldmark.WithRendererOptions(html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 100))))...)

// A page is one document on its way to HTML.
type page struct {
	name   string
	source []byte
	root   ast.Node
	host   rpc.Peer
	doc    markdownapi.Document
}

func render(ctx context.Context, req markdownapi.RenderRequest) (markdownapi.Document, error) {
	if err := prose.Check(req.Name, req.Source); err != nil {
		return markdownapi.Document{}, err
	}
	p := &page{name: req.Name, source: []byte(strings.ToValidUTF8(req.Source, "\uFFFD")), host: rpc.Caller(ctx)}
	p.root = prose.Parse(engine.Parser(), p.source, p.warn)
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
	p.doc.HTML = balance(link(tags, permalink))
	return p.doc, nil
}
