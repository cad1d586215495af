package document

import (
	"fmt"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// A Block is fenced code of a document.
type Block struct {
	Line     int // of its first line of code, from 1
	Language string
	Text     string
}

// IsFile reports whether a block of Go is a whole file: it has a package clause.
func (b Block) IsFile() bool { return b.packageName() != "" }

// IsMain reports whether a block of Go is a program.
func (b Block) IsMain() bool { return b.packageName() == "main" }

func (b Block) packageName() string {
	f, err := parser.ParseFile(token.NewFileSet(), "", b.Text, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return f.Name.Name
}

var filePath = regexp.MustCompile(`^// ((?:[\w.-]+/)*[\w.-]+\.go)\b`)

// Path is the file that the first line of a block of Go names; empty if it names none.
func (b Block) Path() string {
	if m := filePath.FindStringSubmatch(b.Text); m != nil {
		return m[1]
	}
	return ""
}

// Place is Path, or else a path that no other block of the document has.
func (b Block) Place() string {
	if p := b.Path(); p != "" {
		return p
	}
	return fmt.Sprintf("line%d/main.go", b.Line)
}

var fence = regexp.MustCompile("^([ \t]*)(```+)[ \t]*([^`]*?)[ \t]*$")

// Blocks is a document's fenced code in one language, in order; of any language if that is empty.
func Blocks(text, language string) []Block {
	all, _ := split(text)
	var out []Block
	for _, b := range all {
		if language == "" || b.Language == language {
			out = append(out, b)
		}
	}
	return out
}

// Prose is the lines of a document, empty where there is fenced code.
func Prose(text string) []string {
	_, lines := split(text)
	return lines
}

func split(text string) (code []Block, prose []string) {
	prose = strings.Split(text, "\n")
	var open []string // the opening fence: indent, ticks, language; nil outside of code
	var b Block
	for i, line := range prose {
		m := fence.FindStringSubmatch(line)
		switch {
		case open == nil && m == nil:
			continue
		case open == nil:
			open, b = m[1:], Block{Line: i + 2, Language: m[3]}
		case m != nil && m[3] == "" && len(m[2]) >= len(open[1]):
			code = append(code, b)
			open = nil
		default:
			b.Text += strings.TrimPrefix(line, open[0]) + "\n"
		}
		prose[i] = ""
	}
	return code, prose
}
