package main

import (
	"context"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

const maxChecked = 1000 // targets of one document that the host is asked about

// A target is where a link or an image of the page leads.
type target struct {
	url    *url.URL
	path   string // from the site's root; empty if it leads elsewhere
	leaves bool   // it climbs out of the site
	broken bool
}

// resolve checks and rewrites the addresses in the page, whether Markdown or raw HTML made them.
func (p *page) resolve(ctx context.Context, tags []*tag) error {
	order, targets := p.targets(tags)
	if err := p.checkTargets(ctx, targets); err != nil {
		return err
	}
	pictures, err := p.pictures(ctx, tags, targets)
	if err != nil {
		return err
	}
	for _, t := range tags {
		switch address := t.address(); {
		case t.name == "input" && !t.closing:
			onlyCheckbox(t)
		case address != "":
			t.point(targets[address], pictures[address])
		}
	}
	for _, address := range order {
		t := targets[address]
		p.doc.Links = append(p.doc.Links, markdownapi.Link{Target: address, Path: t.path, Broken: t.broken})
		if t.broken {
			p.doc.Broken++
		}
	}
	return nil
}

// address is where a tag points; empty if nowhere.
func (t *tag) address() string {
	switch t.name {
	case "a":
		return t.get("href")
	case "img":
		return t.get("src")
	}
	return ""
}

// onlyCheckbox makes an input what a task list has: raw HTML could leave a text field.
func onlyCheckbox(t *tag) {
	attrs := []attr{{"type", "checkbox"}, {"disabled", ""}}
	for _, a := range t.attrs {
		if a.key == "checked" {
			attrs = append(attrs, a)
		}
	}
	t.attrs = attrs
}

// point makes a tag lead where it should in the site.
func (t *tag) point(to *target, pic *picture) {
	if to.broken {
		t.set("class", markdownapi.BrokenClass)
	}
	if base, isDocument := strings.CutSuffix(to.url.Path, ".md"); t.name == "a" && to.path != "" && isDocument {
		page := *to.url
		page.Path, page.RawPath = base+".html", ""
		t.set("href", page.String())
	}
	if t.name == "img" && pic != nil {
		pic.fill(t)
	}
}

// targets are the page's addresses, in order, and where they lead.
func (p *page) targets(tags []*tag) (order []string, all map[string]*target) {
	all = map[string]*target{}
	for _, t := range tags {
		if address := t.address(); address != "" && all[address] == nil {
			all[address] = p.target(address)
			order = append(order, address)
		}
	}
	return order, all
}

func (p *page) target(address string) *target {
	u, err := url.Parse(address)
	if err != nil { // the sanitizer would have dropped it
		return &target{url: &url.URL{}, broken: true}
	}
	if u.Scheme != "" || u.Host != "" || u.Path == "" {
		return &target{url: u}
	}
	file := u.Path
	if !path.IsAbs(file) {
		file = path.Join("/", path.Dir(p.name)) + "/" + file
	}
	if climbs(file) || strings.ContainsAny(file, "\\\x00") {
		return &target{url: u, leaves: true, broken: true}
	}
	return &target{url: u, path: strings.TrimPrefix(path.Clean(file), "/")}
}

// climbs reports whether a path leaves the root on its way.
func climbs(file string) bool {
	clean := path.Clean(strings.TrimLeft(file, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// checkTargets asks the host, once, which targets do not exist.
func (p *page) checkTargets(ctx context.Context, targets map[string]*target) error {
	asked := map[string]bool{}
	for _, t := range targets {
		if t.path != "" {
			asked[t.path] = true
		}
	}
	paths := slices.Sorted(maps.Keys(asked))
	if len(paths) > maxChecked {
		p.warn("%d targets in the site: only %d are checked", len(paths), maxChecked)
		paths = paths[:maxChecked]
	}
	if len(paths) == 0 {
		return nil
	}
	reply, err := hostapi.Exists.Call(ctx, p.host, hostapi.ExistsRequest{Paths: paths})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !absent(err):
		p.warn("links are not checked: %v", err)
	}
	missing := map[string]bool{}
	for _, path := range reply.Missing {
		missing[path] = asked[path]
	}
	for _, t := range targets {
		t.broken = t.broken || missing[t.path]
	}
	return nil
}
