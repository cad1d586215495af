package prose

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

const (
	maxParagraph = 16 << 10 // bytes: what stands in a paragraph is parsed in quadratic time
	maxRow       = 16 << 10 // bytes of one line of a table, for the same reason
	maxCells     = 50_000   // of a table: a short row is filled up with cells to the width of the first
	maxRefs      = 64 << 10 // bytes of link definitions in one paragraph
)

var keyWarn = parser.NewContextKey()

// A limit turns a paragraph that would cost too much into text that stands as it was written. It runs before the transformer
// that makes tables, for those, and after it, for what is still a paragraph then.
type limit struct {
	exceeded func(p *ast.Paragraph, source []byte) bool
	what     string
}

var limitTables = limit{what: "a table or list of links is too large and stands as it was written", exceeded: func(p *ast.Paragraph, source []byte) bool {
	columns, longest, size := 0, 0, 0
	for _, line := range p.Lines().Sliced(0, p.Lines().Len()) {
		columns = max(columns, bytes.Count(line.Value(source), []byte("|"))+1)
		longest = max(longest, line.Len())
		size += line.Len()
	}
	if columns == 1 { // no table: link definitions, or text that limitParagraphs would stop too
		return size > maxRefs
	}
	return longest > maxRow || columns*p.Lines().Len() > maxCells
}}

var limitParagraphs = limit{what: "a paragraph is too long and stands as it was written", exceeded: func(p *ast.Paragraph, _ []byte) bool {
	size := 0
	for _, line := range p.Lines().Sliced(0, p.Lines().Len()) {
		size += line.Len()
	}
	return size > maxParagraph
}}

// Transform implements parser.ParagraphTransformer.
func (l limit) Transform(p *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if !l.exceeded(p, reader.Source()) {
		return
	}
	if warn, ok := pc.Get(keyWarn).(func(string, ...any)); ok {
		warn("%s", l.what)
	}
	plain := ast.NewCodeBlock()
	plain.SetLines(p.Lines())
	p.Parent().ReplaceChild(p.Parent(), p, plain)
}
