package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestAnchorsAreKnownOnceThePagesAreRendered(t *testing.T) {
	p := projectOf(t, "a", files(t, map[string]string{"README.md": "", "b.md": "", "failed.md": "", "pic.png": ""}))
	for _, page := range p.Pages {
		page.doc.HTML = `<h1 id="x&amp;y">id="no"</h1><a name="old" href="#">z</a><p title="id=&#34;no&#34;">`
		if page.Path == "failed.md" {
			page.err = errors.New("not in the site")
		}
	}
	l := newLibrary([]*project{p})
	ask := func(files ...string) (got []hostapi.PageAnchors) {
		var req hostapi.AnchorsRequest
		for _, file := range files {
			req.Paths = append(req.Paths, strings.TrimSuffix(p.key+"/"+file, "/"))
		}
		reply, err := l.anchors(t.Context(), req)
		if err != nil {
			t.Error(err)
		}
		return reply.Pages
	}
	if got := ask("README.md"); got != nil {
		t.Errorf("before: %v", got)
	}
	l.publish(p.Pages)
	got := ask("README.md", "", "failed.md", "pic.png", "gone.md", "b.md")
	var paths []string
	for _, page := range got {
		paths = append(paths, page.Path)
		if !slices.Equal(page.IDs, []string{"x&y", "old"}) {
			t.Errorf("%s: %q", page.Path, page.IDs)
		}
	}
	if want := []string{p.key + "/README.md", p.key, p.key + "/b.md"}; !slices.Equal(paths, want) {
		t.Errorf("pages %q, want %q", paths, want)
	}
}

func TestLinksStayAsTheRendererFoundThemIfNobodyChecks(t *testing.T) {
	fail := false
	peer, _ := rpctest.Pair(t, nil, []rpc.Handler{linkcheckapi.Check.Handle(func(_ context.Context, req linkcheckapi.Request) (linkcheckapi.Report, error) {
		if fail {
			return linkcheckapi.Report{}, rpc.Errorf(rpc.Internal, "no")
		}
		return linkcheckapi.Report{Broken: []linkcheckapi.Broken{{Target: req.Targets[1], Why: "there is no key/" + req.Targets[1]}}}, nil
	})})
	p := &page{Project: &project{Slug: "docs", key: "key"}, Path: "a.md", doc: markdownapi.Document{Links: []markdownapi.Link{{Target: "x", Broken: true}, {Target: "y"}}}}
	p.Broken = rendererSays(p.doc)
	fail = true
	if err := checkLinks(t.Context(), peer, p); err == nil || !slices.Equal(p.Broken, []brokenLink{{"x", "is not in the site"}}) {
		t.Errorf("the plugin fails: %v, %v", p.Broken, err)
	}
	fail = false
	if err := checkLinks(t.Context(), peer, p); err != nil || !slices.Equal(p.Broken, []brokenLink{{"y", "there is no docs/y"}}) {
		t.Errorf("the plugin answers: %v, %v", p.Broken, err)
	}
}
