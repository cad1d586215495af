package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestLinksResolveInsideTheSite(t *testing.T) {
	tests := []struct{ name, link, path string }{
		{"a.md", "b.md", "b.md"},
		{"x/y/a.md", "../b.md#c", "x/b.md"},
		{"x/a.md", "/b.md?q=1", "b.md"},
		{"x/a.md", "./img/%20p.png", "x/img/ p.png"},
		{"x/a.md", "//example.com/b.md", ""},
		{"x/a.md", "https://example.com/b.md", ""},
		{"x/a.md", "#c", ""},
	}
	for _, test := range tests {
		got := (&page{name: test.name}).target(test.link)
		if got.path != test.path || got.broken {
			t.Errorf("%s in %s: path %q, broken %v; want %q", test.link, test.name, got.path, got.broken, test.path)
		}
	}
}

func TestLinksThatClimbOutAreBrokenAndNotAskedFor(t *testing.T) {
	for _, link := range []string{"../../b.md", "/../b.md", "x/../../../b.md", "%2e%2e/%2e%2e/b.md", `..\..\b.md`, "b%00.md"} {
		s := newSite(t)
		doc := mustRender(t, connect(t, s.handlers()), "guide/a.md", "[x](<"+link+">)")
		if doc.Broken != 1 || len(s.asked) != 0 {
			t.Errorf("%s: %d broken, the host was asked %q", link, doc.Broken, s.asked)
		}
	}
}

func TestRenderCountsBrokenTargetsOnceAndAsksOnce(t *testing.T) {
	s := newSite(t)
	doc := mustRender(t, connect(t, s.handlers()), "guide/a.md", "[x](gone.md) [y](gone.md) [z](setup.md) ![i](lost.png) <a href=\"setup.md\">raw</a>")
	want := []markdownapi.Link{
		{Target: "gone.md", Path: "guide/gone.md", Broken: true}, {Target: "setup.md", Path: "guide/setup.md"}, {Target: "lost.png", Path: "guide/lost.png", Broken: true},
	}
	if doc.Broken != 2 || !slices.Equal(doc.Links, want) {
		t.Errorf("%d broken, links %+v; want 2 and %+v", doc.Broken, doc.Links, want)
	}
	if want := []string{"host.exists guide/gone.md guide/lost.png guide/setup.md"}; !slices.Equal(s.asked, want) {
		t.Errorf("the host was asked %q, want %q", s.asked, want)
	}
}

func TestRenderTellsTitleHeadingsAndWords(t *testing.T) {
	doc := mustRender(t, connect(t, nil), "a.md", "## Before\n\n# The `title` & *so* on\n\nFive words stand right here.\n\n```go\nnot counted\n```\n\n## Before\n")
	want := []markdownapi.Heading{{Level: 2, ID: "before", Text: "Before"}, {Level: 1, ID: "the-title--so-on", Text: "The title & so on"}, {Level: 2, ID: "before-1", Text: "Before"}}
	if doc.Title != "The title & so on" || !slices.Equal(doc.Headings, want) || doc.Words != 12 {
		t.Errorf("title %q, headings %+v, %d words; want %+v and 12", doc.Title, doc.Headings, doc.Words, want)
	}
}

func TestTitleTakesInNoBadges(t *testing.T) {
	for source, want := range map[string]string{
		"# color [![PkgGoDev](https://example.com/b.svg)](https://example.com)\n\n# Next": "color",
		"# [![Build](b.svg)](https://example.com)\n\n## Name\n":                           "Name",
		"# ![Logo of cobra](logo.png)\n\n## Install\n":                                    "Logo of cobra",
	} {
		if doc := mustRender(t, connect(t, nil), "a.md", source); doc.Title != want {
			t.Errorf("%q: title %q, want %q", source, doc.Title, want)
		}
	}
}

const useful = "[x](gone.md) ![i](/guide/img/dot.png)\n\n```go\nx\n```\n\n```py\ny\n```\n"

func TestRenderDoesWithoutWhatTheHostDoesNotOffer(t *testing.T) {
	absent := newSite(t)
	for _, message := range []string{"host.exists", "host.readAsset", "highlight.highlight"} {
		absent.fail[message] = rpc.Errorf(rpc.Unavailable, "not now")
	}
	for name, handlers := range map[string][]rpc.Handler{"no handlers": nil, "unavailable": absent.handlers()} {
		doc := mustRender(t, connect(t, handlers), "guide/a.md", useful)
		if doc.Broken != 0 || len(doc.Warnings) != 0 || !strings.Contains(doc.HTML, `<pre><code class="language-go">x`) || !strings.Contains(doc.HTML, `src="/guide/img/dot.png"`) {
			t.Errorf("%s: %d broken, warnings %q, html %s", name, doc.Broken, doc.Warnings, doc.HTML)
		}
	}
	if n := len(absent.asked); n != 3 {
		t.Errorf("an absent host was asked %d times, want each message once: %q", n, absent.asked)
	}
}

func TestRenderWarnsOfWhatTheHostCouldNotDo(t *testing.T) {
	s := newSite(t)
	for _, message := range []string{"host.exists", "host.readAsset", "highlight.highlight"} {
		s.fail[message] = rpc.Errorf(rpc.Internal, "disk on fire")
	}
	doc := mustRender(t, connect(t, s.handlers()), "guide/a.md", useful)
	want := []string{"code block 1: disk on fire", "code block 2: disk on fire", "links are not checked: disk on fire", "image guide/img/dot.png: disk on fire"}
	if !slices.Equal(doc.Warnings, want) {
		t.Errorf("warnings %q, want %q", doc.Warnings, want)
	}
}

func TestRenderSanitizesWhatTheHighlighterReturns(t *testing.T) {
	evil := highlightapi.Highlight.Handle(func(context.Context, highlightapi.HighlightRequest) (highlightapi.Highlighted, error) {
		return highlightapi.Highlighted{HTML: `</code></pre></div><script>alert(1)</script><b onclick="x">`}, nil
	})
	doc := mustRender(t, connect(t, []rpc.Handler{evil}), "a.md", "```go\nx\n```\n")
	if want := "<pre class=\"chroma\"><code class=\"language-go\"></code></pre><b>\n</b>"; doc.HTML != want {
		t.Errorf("html %q, want %q", doc.HTML, want)
	}
}

func TestRenderEmbedsNoAssetOfAStrangeType(t *testing.T) {
	s := newSite(t)
	s.files["x.png"] = hostapi.Asset{MediaType: `text/html"><script>`, Size: 1, Data: []byte("x")}
	doc := mustRender(t, connect(t, s.handlers()), "a.md", "![x](x.png)")
	if want := `<p><img src="x.png" alt="x"></p>` + "\n"; doc.HTML != want {
		t.Errorf("html %q, want %q", doc.HTML, want)
	}
}

func TestRenderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hang := highlightapi.Highlight.Handle(func(inner context.Context, _ highlightapi.HighlightRequest) (highlightapi.Highlighted, error) {
		cancel()
		<-inner.Done()
		return highlightapi.Highlighted{}, inner.Err()
	})
	host := connect(t, []rpc.Handler{hang})
	if _, err := markdownapi.Render.Call(ctx, host, markdownapi.RenderRequest{Source: useful}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
}
