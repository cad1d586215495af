package prose

import (
	"strconv"
	"strings"
	"unicode"
)

// slugs makes the ids of a document's headings, the way forges do: "What's new?" is whats-new, a second one whats-new-1. It counts
// how often a slug was asked for.
type slugs map[string]int

// next is the id of the next heading.
func (s slugs) next(heading string) string {
	base := slug(heading)
	id := base
	for s[id] > 0 {
		id = base + "-" + strconv.Itoa(s[base])
		s[base]++
	}
	s[id]++
	return id
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
