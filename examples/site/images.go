package main

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	linkOrImage = regexp.MustCompile(`<(/?)(a|img)\b[^>]*>`)
	source      = regexp.MustCompile(`\ssrc="([^"]*)"`)
	width       = regexp.MustCompile(`\swidth="([0-9]+)"`)
)

const textWidth = "48rem" // of the article, in the theme

// showSmall has a page show small pictures where there are some, each as a link to the whole one, and returns its HTML. It takes
// the tags that renderers write, with attributes in double quotes; a tag in another form stays as it is.
func showSmall(p *page, pictures map[string]*picture, up string) string {
	files := map[string]*picture{} // by what the page says
	for _, link := range p.doc.Links {
		if found := pictures[link.Path]; found != nil {
			files[link.Target] = found
		}
	}
	if len(files) == 0 {
		return p.doc.HTML
	}
	links := 0 // that are open: a link cannot stand in a link
	return linkOrImage.ReplaceAllStringFunc(p.doc.HTML, func(tag string) string {
		switch {
		case strings.HasPrefix(tag, "<a"):
			links++
		case strings.HasPrefix(tag, "</a"):
			links--
		case strings.HasPrefix(tag, "<img"):
			return showOne(tag, files, up, links > 0)
		}
		return tag
	})
}

// showOne is an image's tag with smaller pictures, if there are some.
func showOne(tag string, files map[string]*picture, up string, linked bool) string {
	src := source.FindStringSubmatchIndex(tag)
	if src == nil {
		return tag
	}
	original := tag[src[2]:src[3]]
	found := files[html.UnescapeString(original)]
	if found == nil {
		return tag
	}
	sizes := textWidth
	if m := width.FindStringSubmatch(tag); m != nil {
		sizes += ", " + m[1] + "px"
	}
	tag = tag[:src[0]] + fmt.Sprintf(` src="%s" srcset="%s" sizes="min(100vw, %s)" loading="lazy"`,
		address(up, found.small[0].file), found.choices(up, original), sizes) + tag[src[1]:]
	if linked {
		return tag
	}
	return fmt.Sprintf(`<a class="_picture" href="%s" title="%s">%s</a>`, original, fmt.Sprintf("%d × %d pixels", found.Width, found.Height), tag)
}

// choices are what a browser chooses from. The file itself is one only where no smaller one is wide enough for a page.
func (p *picture) choices(up, original string) string {
	var all []string
	for _, small := range p.small {
		all = append(all, address(up, small.file)+" "+strconv.Itoa(small.width)+"w")
	}
	if widest := p.small[len(p.small)-1].width; widest < min(p.Width, widths[len(widths)-1]) && !strings.ContainsAny(original, ", ") {
		all = append(all, original+" "+strconv.Itoa(p.Width)+"w")
	}
	return strings.Join(all, ", ")
}

// address is that of a file from a page whose way to the site's root is up.
func address(up, file string) string {
	return html.EscapeString(up + (&url.URL{Path: file}).String())
}
