package main

import (
	"html"
	"strings"
)

// A tag is one tag of sanitized HTML with the text before it. The last of a page has only text.
type tag struct {
	text    string // as it stands, escaped
	name    string
	closing bool
	attrs   []attr
}

type attr struct{ key, value string }

// scan cuts sanitized HTML at its tags. The sanitizer writes one form only, <name key="value"> with <, > and " escaped in
// values and text; whatever else begins with < is taken for text and escaped.
func scan(page string) []*tag {
	var tags []*tag
	var text strings.Builder
	for page != "" {
		before, rest, found := strings.Cut(page, "<")
		text.WriteString(before)
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, ">")
		t := parseTag(inside)
		if !closed || t == nil {
			text.WriteString("&lt;")
			page = rest
			continue
		}
		t.text = text.String()
		text.Reset()
		tags = append(tags, t)
		page = after
	}
	return append(tags, &tag{text: text.String()})
}

// parseTag reads what stands between < and >; nil if that is not a tag.
func parseTag(inside string) *tag {
	t := &tag{}
	inside, t.closing = strings.CutPrefix(inside, "/")
	if !t.closing {
		inside = strings.TrimSuffix(inside, "/")
	}
	name, rest, _ := strings.Cut(inside, " ")
	if t.name = name; name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return nil
	}
	for rest != "" {
		key, value, ok := strings.Cut(rest, `="`)
		value, next, closed := strings.Cut(value, `"`)
		if !ok || !closed || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz-") != "" {
			return nil
		}
		t.set(key, html.UnescapeString(value))
		rest = strings.TrimPrefix(next, " ")
	}
	return t
}

func (t *tag) get(key string) string {
	for _, a := range t.attrs {
		if a.key == key {
			return a.value
		}
	}
	return ""
}

func (t *tag) set(key, value string) {
	for i := range t.attrs {
		if t.attrs[i].key == key {
			t.attrs[i].value = value
			return
		}
	}
	t.attrs = append(t.attrs, attr{key, value})
}

func (t *tag) write(out *strings.Builder) {
	out.WriteByte('<')
	if t.closing {
		out.WriteByte('/')
	}
	out.WriteString(t.name)
	for _, a := range t.attrs {
		out.WriteString(" " + a.key + `="` + html.EscapeString(a.value) + `"`)
	}
	out.WriteByte('>')
}
