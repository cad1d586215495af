package main

import (
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

func of(_ context.Context, req outlineapi.Request) (outlineapi.Outline, error) {
	if req.Depth < 0 || req.Depth > maxLevel {
		return outlineapi.Outline{}, rpc.Errorf(rpc.Invalid, "depth %d: headings have levels from 1 to %d, 0 means all", req.Depth, maxLevel)
	}
	if err := prose.Check(req.Name, req.Source); err != nil {
		return outlineapi.Outline{}, err
	}
	if req.Depth == 0 {
		req.Depth = maxLevel
	}
	flat := headings(strings.ToValidUTF8(req.Source, "\uFFFD"), req.Depth)
	return outlineapi.Outline{Sections: tree(flat), Count: len(flat)}, nil
}

// headings are those of a document down to a level, in order.
func headings(source string, depth int) (found []outlineapi.Section) {
	text := []byte(source)
	_ = ast.Walk(prose.Parse(markdown, text, nil), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		if h.Level <= depth {
			found = append(found, outlineapi.Section{Level: h.Level, ID: prose.ID(h), Text: prose.Heading(h, text)})
		}
		return ast.WalkSkipChildren, nil
	})
	return found
}

// tree puts each heading below the nearest one before it that has a lower level. A level that is left out costs no depth.
func tree(flat []outlineapi.Section) (sections []outlineapi.Section) {
	for len(flat) > 0 {
		first := flat[0]
		end := 1
		for end < len(flat) && flat[end].Level > first.Level {
			end++
		}
		first.Sections = tree(flat[1:end])
		sections = append(sections, first)
		flat = flat[end:]
	}
	return sections
}
