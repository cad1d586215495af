package shape

import (
	"strconv"
	"strings"
)

// String is the shape as people read it: {name string, age int64, tags? []string}. A pointer has a star, a field
// that may be absent a question mark.
func (s *Shape) String() string {
	var b strings.Builder
	s.writeText(&b)
	return b.String()
}

func (s *Shape) writeText(b *strings.Builder) {
	if s != nil && s.Nullable {
		b.WriteByte('*')
	}
	switch s.kind() {
	case List:
		b.WriteByte('[')
		if s.Len > 0 {
			b.WriteString(strconv.Itoa(s.Len))
		}
		b.WriteByte(']')
		s.Elem.writeText(b)
	case Map:
		b.WriteString("map[")
		s.Key.writeText(b)
		b.WriteByte(']')
		s.Elem.writeText(b)
	case Struct:
		s.writeFields(b)
	default:
		b.WriteString(string(s.kind()))
	}
}

func (s *Shape) writeFields(b *strings.Builder) {
	b.WriteByte('{')
	for i, f := range s.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Name)
		if f.Optional {
			b.WriteByte('?')
		}
		b.WriteByte(' ')
		f.Shape.writeText(b)
	}
	b.WriteByte('}')
}

// brief is String, cut for use in a sentence.
func (s *Shape) brief() string { return clip(s.String()) }

// clip cuts text that came from elsewhere to what fits in a sentence.
func clip(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
