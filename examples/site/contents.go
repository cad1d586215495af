package main

import "github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"

// contents are a page's table of contents: of its outline, else of the renderer's headings.
func (p *page) contents() []entry {
	if !p.outlined {
		return toc(p.doc.Headings)
	}
	sections := p.sections
	if len(sections) == 1 { // the title
		sections = sections[0].Sections
	}
	if all := entries(nil, sections, 0); len(all) >= tocMinimum {
		return all
	}
	return nil
}

// entries appends those of sections at a depth.
func entries(all []entry, sections []outlineapi.Section, depth int) []entry {
	if depth == tocDepth {
		return all
	}
	for _, s := range sections {
		below := depth
		if s.Text != "" {
			all = append(all, entry{s.ID, s.Text, depth})
			below++
		}
		all = entries(all, s.Sections, below)
	}
	return all
}
