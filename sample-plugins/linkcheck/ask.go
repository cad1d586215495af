package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

// batch is how many paths the host is asked about at once: a question and its answer have to fit in a frame.
const batch = 500

// A checker is the check of one page.
type checker struct {
	host     rpc.Peer
	targets  []*target
	warnings []string
}

// files asks the host which targets exist. The root of the site does, and so does the page itself: the request is about it.
func (c *checker) files(ctx context.Context, page string) error {
	asked := func(t *target) bool { return t.path != page && t.path != root }
	missing := map[string]bool{}
	for paths := range slices.Chunk(c.paths(asked), batch) {
		reply, err := hostapi.Exists.Call(ctx, c.host, hostapi.ExistsRequest{Paths: paths})
		if err != nil {
			return fmt.Errorf("ask which targets of %s exist: %w", page, err)
		}
		for _, path := range reply.Missing {
			missing[path] = true
		}
	}
	for _, t := range c.targets {
		if t.broken == nil && missing[t.path] && asked(t) {
			t.fail(linkcheckapi.Missing, "there is no "+t.path)
		}
	}
	return nil
}

// anchors asks the host what the pages have that are linked to with an anchor. Every page has a top.
func (c *checker) anchors(ctx context.Context) error {
	wanted := func(t *target) bool { return t.broken == nil && t.anchor != "" && !strings.EqualFold(t.anchor, "top") }
	known := map[string]anchors{}
	for paths := range slices.Chunk(c.paths(wanted), batch) {
		reply, err := hostapi.Anchors.Call(ctx, c.host, hostapi.AnchorsRequest{Paths: paths})
		switch {
		case absent(err):
			c.warnings = append(c.warnings, "the host does not say which anchors exist: only files are checked")
			return nil
		case err != nil:
			return fmt.Errorf("ask for anchors: %w", err)
		}
		for _, page := range reply.Pages {
			known[page.Path] = newAnchors(page.IDs)
		}
	}
	for _, t := range c.targets {
		if page, ok := known[t.path]; ok && wanted(t) && !page.has(t.anchor) {
			t.fail(linkcheckapi.NoAnchor, page.explain(t))
		}
	}
	return nil
}

// paths are those of the targets that are wanted, each once, in order.
func (c *checker) paths(wanted func(*target) bool) []string {
	set := map[string]bool{}
	for _, t := range c.targets {
		if t.path != "" && wanted(t) {
			set[t.path] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// absent reports that the host does not offer a message.
func absent(err error) bool { return errors.Is(err, rpc.Unimplemented) || errors.Is(err, rpc.Denied) }
