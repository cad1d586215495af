package main

import (
	"context"
	"html"
	"regexp"

	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
)

var anchor = regexp.MustCompile(`<[a-z][a-z0-9]*(?: [^<>]*)? (?:id|name)="([^"<>]*)"`)

// anchorsOf are the places in a page that a link can lead to, in order.
func anchorsOf(page string) (ids []string) {
	for _, m := range anchor.FindAllStringSubmatch(page, -1) {
		ids = append(ids, html.UnescapeString(m[1]))
	}
	return ids
}

// publish tells the library that the pages are rendered. From now on it knows their anchors.
func (l *library) publish(pages []*page) {
	known := map[*page][]string{}
	for _, p := range pages {
		if p.err == nil {
			known[p] = anchorsOf(p.doc.HTML)
		}
	}
	l.known.Store(&known)
}

// anchors tells what the pages have that are rendered.
func (l *library) anchors(_ context.Context, req hostapi.AnchorsRequest) (reply hostapi.AnchorsReply, err error) {
	known := l.known.Load()
	if known == nil {
		return reply, nil
	}
	for _, name := range req.Paths {
		p := l.pages[name]
		if p == nil {
			p = l.folders[name]
		}
		if ids, ok := (*known)[p]; ok {
			reply.Pages = append(reply.Pages, hostapi.PageAnchors{Path: name, IDs: ids})
		}
	}
	return reply, nil
}
