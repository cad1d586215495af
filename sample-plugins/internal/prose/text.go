package prose

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// Text is the text below a node, without code blocks, raw HTML and what stands for an image. Blocks end with a line.
func Text(root ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch {
		case n.Kind() == ast.KindImage:
			return ast.WalkSkipChildren, nil
		case entering:
			write(&out, n, source)
		case n.Type() == ast.TypeBlock:
			out.WriteByte('\n')
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

func write(out *strings.Builder, n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Text:
		out.Write(plain(n, source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			out.WriteByte('\n')
		}
	case *ast.String:
		out.Write(n.Value)
	case *ast.AutoLink:
		out.Write(n.Label(source))
	}
}

// plain is a text without escapes: \_ is _ and &amp; is &, but not in code.
func plain(n *ast.Text, source []byte) []byte {
	value := n.Segment.Value(source)
	if n.IsRaw() {
		return value
	}
	return util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(value)))
}

// Heading is the text of a heading on one line. Images do not count, but for a logo in place of a title: an image that stands
// alone and links nowhere. Badges do, and their text names no document.
func Heading(h *ast.Heading, source []byte) string {
	if text := oneLine(Text(h, source)); text != "" {
		return text
	}
	if logo := h.FirstChild(); logo != nil && logo.Kind() == ast.KindImage && h.ChildCount() == 1 {
		var alt strings.Builder
		for n := logo.FirstChild(); n != nil; n = n.NextSibling() {
			alt.WriteString(Text(n, source))
		}
		return oneLine(alt.String())
	}
	return ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
