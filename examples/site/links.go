package main

import (
	"context"
	"fmt"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

// A brokenLink is a link of a page that leads nowhere.
type brokenLink struct {
	Target string // as the page says it
	Why    string
}

// rendererSays are the broken links that the renderer found.
func rendererSays(doc markdownapi.Document) (broken []brokenLink) {
	for _, link := range doc.Links {
		if link.Broken {
			broken = append(broken, brokenLink{link.Target, "is not in the site"})
		}
	}
	return broken
}

// checkLinks asks the plugin for it which links of a page are broken. If it does not answer, what the renderer found stays.
func checkLinks(ctx context.Context, peer rpc.Peer, p *page) error {
	var targets []string
	for _, link := range p.doc.Links {
		if len(targets) < linkcheckapi.MaxTargets && len(link.Target) <= linkcheckapi.MaxTarget {
			targets = append(targets, link.Target)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	report, err := linkcheckapi.Check.Call(ctx, peer, linkcheckapi.Request{Page: p.name(), Targets: targets})
	if err != nil {
		return fmt.Errorf("links are not checked: %w", err)
	}
	p.Broken = nil
	for _, b := range report.Broken {
		p.Broken = append(p.Broken, brokenLink{b.Target, p.Project.readable(b.Why)})
	}
	p.linkNotes = report.Warnings
	return nil
}
