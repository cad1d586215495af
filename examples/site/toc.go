package main

import "github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"

// An entry is a line of a page's table of contents.
type entry struct {
	ID, Text string
	Depth    int // from 0
}

const (
	tocDepth   = 3 // levels that are shown
	tocMinimum = 3 // headings below which a page needs no table
)

// toc makes a table of contents. The title is left out if it stands alone on its level.
func toc(headings []markdownapi.Heading) []entry {
	if len(headings) > 0 && alone(headings) {
		headings = headings[1:]
	}
	top := 6
	for _, h := range headings {
		top = min(top, h.Level)
	}
	var all []entry
	for _, h := range headings {
		if depth := h.Level - top; depth < tocDepth && h.Text != "" {
			all = append(all, entry{h.ID, h.Text, depth})
		}
	}
	if len(all) < tocMinimum {
		return nil
	}
	return all
}

// alone reports that the first heading is above all others.
func alone(headings []markdownapi.Heading) bool {
	for _, h := range headings[1:] {
		if h.Level <= headings[0].Level {
			return false
		}
	}
	return true
}
