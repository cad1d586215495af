package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
)

const maxLevel = 6

var markdown = goldmark.New(prose.Options()...).Parser()

// of answers with all headings at once.
func of(_ context.Context, req outlineapi.Request) (outlineapi.Outline, error) {
	var flat []outlineapi.Heading
	err := walk(req, func(h outlineapi.Heading) error { flat = append(flat, h); return nil })
	if err != nil {
		return outlineapi.Outline{}, err
	}
	return outlineapi.Outline{Sections: outlineapi.Tree(flat), Count: len(flat)}, nil
}

// headings answers with one heading after the other.
func headings(_ context.Context, req outlineapi.Request, send func(outlineapi.Heading) error) error {
	return walk(req, send)
}

// walk calls found with each heading that is wanted, in order, until it returns an error.
func walk(req outlineapi.Request, found func(outlineapi.Heading) error) error {
	if req.Depth < 0 || req.Depth > maxLevel {
		return rpc.Errorf(rpc.Invalid, "depth %d: headings have levels from 1 to %d, 0 means all", req.Depth, maxLevel)
	}
	if err := prose.Check(req.Name, req.Source); err != nil {
		return err
	}
	text := []byte(strings.ToValidUTF8(req.Source, "\uFFFD"))
	return ast.Walk(prose.Parse(markdown, text, nil), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		if h.Level > cmp.Or(req.Depth, maxLevel) {
			return ast.WalkSkipChildren, nil
		}
		err := found(outlineapi.Heading{Level: h.Level, ID: prose.ID(h), Text: prose.Heading(h, text)})
		return ast.WalkSkipChildren, err
	})
}
