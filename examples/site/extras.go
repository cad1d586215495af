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
type extra struct {
	plugin string
	fill   func(ctx context.Context, p *page, source string) error
}

// extras are those for which there is a plugin.
func extras(c crew, h *host.Host) (all []extra) {
	if c.has("outline") {
		all = append(all, extra{"outline", outline(h.Plugin("outline"))})
	}
	if c.has("wordcount") {
		all = append(all, extra{"wordcount", wordcount(h.Plugin("wordcount"))})
	}
	return all
}

// outline fills in a page's table of contents.
func outline(peer rpc.Peer) func(context.Context, *page, string) error {
	return func(ctx context.Context, p *page, source string) error {
		anchors := map[string]bool{}
		for _, id := range anchorsOf(p.doc.HTML) {
			anchors[id] = true
		}
		var found []outlineapi.Heading
		for h, err := range outlineapi.Headings.Open(ctx, peer, outlineapi.Request{Name: p.name(), Source: source}) {
			if err != nil {
				return fmt.Errorf("no outline: %w", err)
			}
			if !anchors[h.ID] { // two plugins may read a document differently
				return fmt.Errorf("no outline: its heading #%s is not in the page", h.ID)
			}
			found = append(found, h)
		}
		p.outlined, p.sections, p.headings = true, outlineapi.Tree(found), len(found)
		return nil
	}
}

// wordcount fills in a page's words and reading time.
func wordcount(peer rpc.Peer) func(context.Context, *page, string) error {
	return func(ctx context.Context, p *page, source string) error {
		counts, err := wordcountapi.Count.Call(ctx, peer, wordcountapi.Request{Name: p.name(), Source: source})
		if err != nil {
			return fmt.Errorf("no reading time: %w", err)
		}
		p.counts = counts
		return nil
	}
}
