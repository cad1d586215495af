package prose

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// Slugs makes the ids of headings, the way forges do: "What's new?" is whats-new, a second one whats-new-1. It is for one document;
// the zero value is ready.
type Slugs struct {
	used map[string]int // how often a slug was asked for
}

// Generate implements parser.IDs.
func (s *Slugs) Generate(value []byte, _ ast.NodeKind) []byte {
	base := slug(string(value))
	id := base
	for s.used[id] > 0 {
		id = base + "-" + strconv.Itoa(s.used[base])
		s.used[base]++
	}
	s.Put([]byte(id))
	return []byte(id)
}

// Put implements parser.IDs.
func (s *Slugs) Put(value []byte) {
	if s.used == nil {
		s.used = map[string]int{}
	}
	s.used[string(value)]++
}

func slug(heading string) string {
	id := strings.Map(func(c rune) rune {
		switch {
		case unicode.IsLetter(c) || unicode.IsNumber(c) || c == '_' || c == '-':
			return unicode.ToLower(c)
		case unicode.IsSpace(c):
			return '-'
		}
		return -1
	}, strings.TrimSpace(heading))
	if strings.Trim(id, "-_") == "" {
		return "section"
	}
	return strings.TrimLeft(id, "-_")
}
