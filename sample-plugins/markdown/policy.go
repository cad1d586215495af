package main

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

var policy = newPolicy()

// newPolicy lists all that may stand in a page: what Markdown turns into, and what people write as raw HTML in a README.
// Everything else goes, the content of script and style included.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.AllowNoAttrs().OnElements("a", "span")
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "div", "span", "center", "blockquote", "pre", "code",
		"em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "kbd", "samp", "var", "abbr", "cite", "q", "dfn", "wbr",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
		"details", "summary", "figure", "figcaption")
	allowAttributes(p)
	allowClasses(p)
	return p
}

func allowAttributes(p *bluemonday.Policy) {
	size := regexp.MustCompile(`^[0-9]{1,4}(px|%)?$`)
	id := regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}\p{M}:_.-]*$`)
	align := regexp.MustCompile(`^(left|right|center|justify)$`)
	p.AllowAttrs("id").Matching(id).Globally()
	p.AllowAttrs("title").Globally()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("name").Matching(id).OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(size).OnElements("img", "td", "th", "table")
	p.AllowAttrs("align").Matching(align).OnElements("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "img", "table", "tr", "td", "th")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("open").Matching(regexp.MustCompile(`^$|^open$`)).OnElements("details")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^doc-(noteref|backlink|endnotes)$`)).OnElements("a", "div")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
}

// allowClasses admits our own classes alone, so that a document cannot borrow the looks of the page around it.
func allowClasses(p *bluemonday.Policy) {
	for element, classes := range map[string]string{
		"pre":  `chroma`,
		"code": `language-[\w+#./-]{1,40}`,
		"span": `[a-z][a-z0-9]{0,2}`,
		"a":    `footnote-ref|footnote-backref`,
		"div":  `footnotes`,
	} {
		p.AllowAttrs("class").Matching(regexp.MustCompile(`^(` + classes + `)$`)).OnElements(element)
	}
}
