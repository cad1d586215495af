package main

import (
	"context"
	"fmt"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

// An extra is what a page gets besides its HTML. If it fails, the page is in the site without it.
type extra func(ctx context.Context, p *page, source string) error

// extras are those for which there is a plugin.
func extras(c crew, h *host.Host) (all []extra) {
	if c.has("outline") {
		all = append(all, outline(h.Plugin("outline")))
	}
	if c.has("wordcount") {
		all = append(all, wordcount(h.Plugin("wordcount")))
	}
	return all
}

// outline fills in a page's table of contents.
func outline(peer rpc.Peer) extra {
	return func(ctx context.Context, p *page, source string) error {
		found, err := outlineapi.Of.Call(ctx, peer, outlineapi.Request{Name: p.name(), Source: source})
		if err != nil {
			return fmt.Errorf("no outline: %w", err)
		}
		anchors := map[string]bool{}
		for _, id := range anchorsOf(p.doc.HTML) {
			anchors[id] = true
		}
		if id, ok := stray(found.Sections, anchors); ok {
			return fmt.Errorf("no outline: its heading #%s is not in the page", id)
		}
		p.outlined, p.sections = true, found.Sections
		return nil
	}
}

// stray is the id of a section that has no place in the page: two plugins may read a document differently.
func stray(sections []outlineapi.Section, anchors map[string]bool) (id string, found bool) {
	for _, s := range sections {
		if !anchors[s.ID] {
			return s.ID, true
		}
		if id, found := stray(s.Sections, anchors); found {
			return id, true
		}
	}
	return "", false
}

// wordcount fills in a page's words and reading time.
func wordcount(peer rpc.Peer) extra {
	return func(ctx context.Context, p *page, source string) error {
		counts, err := wordcountapi.Count.Call(ctx, peer, wordcountapi.Request{Name: p.name(), Source: source})
		if err != nil {
			return fmt.Errorf("no reading time: %w", err)
		}
		p.counts = counts
		return nil
	}
}
