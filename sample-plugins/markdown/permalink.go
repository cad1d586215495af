package main

import "regexp"

// permalink is the text of a link to itself that each heading gets; empty: none. It is set when the plugin is built:
//
//	go build -ldflags "-X main.permalink=§" ./sample-plugins/markdown
var permalink string

var headingTag = regexp.MustCompile(`^h[1-6]$`)

// link gives each heading that has an id a link to it, with this text.
func link(tags []*tag, text string) []*tag {
	if text == "" {
		return tags
	}
	var out []*tag
	id := ""
	for _, t := range tags {
		switch heading := headingTag.MatchString(t.name); {
		case heading && !t.closing:
			id = t.get("id")
		case heading && id != "":
			open := &tag{text: t.text + " ", name: "a"}
			open.set("href", "#"+id)
			open.set("class", "permalink")
			out = append(out, open, &tag{text: text, name: "a", closing: true})
			t.text, id = "", ""
		}
		out = append(out, t)
	}
	return out
}
