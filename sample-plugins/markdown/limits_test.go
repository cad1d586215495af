package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestRenderRefusesWhatWouldCostTooMuch(t *testing.T) {
	tests := map[string]struct {
		req  markdownapi.RenderRequest
		want string
	}{
		"size":       {markdownapi.RenderRequest{Name: "a.md", Source: strings.Repeat("a\n", markdownapi.MaxSource/2) + "a"}, "a.md is 1048577 bytes"},
		"name":       {markdownapi.RenderRequest{Name: strings.Repeat("n", 1025)}, "name is 1025 bytes"},
		"line":       {markdownapi.RenderRequest{Name: "a.md", Source: "ok\n" + strings.Repeat("[", markdownapi.MaxLine+1)}, "a.md:2: the line is 65537 bytes"},
		"heading":    {markdownapi.RenderRequest{Name: "a.md", Source: "> # " + strings.Repeat("[", 4096)}, "a.md:1: the heading is 4100 bytes"},
		"footnotes":  {markdownapi.RenderRequest{Name: "a.md", Source: strings.Repeat("[^a]\n", 10_001)}, "a.md has 10001 footnotes"},
		"quotes":     {markdownapi.RenderRequest{Name: "a.md", Source: "ok\n\n" + strings.Repeat(">", 101)}, "a.md:3: quotes and lists nest 101 deep"},
		"lists":      {markdownapi.RenderRequest{Name: "a.md", Source: strings.Repeat("+ ", 101) + "x"}, "nest 101 deep"},
		"numbers":    {markdownapi.RenderRequest{Name: "a.md", Source: strings.Repeat("1. ", 101) + "x"}, "nest 101 deep"},
		"in columns": {markdownapi.RenderRequest{Name: "a.md", Source: strings.Repeat(" ", 201) + "- x"}, "nest 101 deep"},
	}
	p := connect(t, nil)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := markdownapi.Render.Call(t.Context(), p, test.req)
			if !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want Invalid with %q", err, test.want)
			}
		})
	}
}

func TestRenderTakesLinesThatOnlyLookDeep(t *testing.T) {
	p := connect(t, nil)
	for _, line := range []string{
		strings.Repeat("- ", 200), strings.Repeat("*", 200), strings.Repeat("-", 200) + "|" + strings.Repeat("-", 200),
		strings.Repeat(".", 200) + " x", strings.Repeat(" ", 300) + "indented", strings.Repeat("> ", 100) + "x", strings.Repeat("1", 200) + " x",
	} {
		if _, err := markdownapi.Render.Call(t.Context(), p, markdownapi.RenderRequest{Source: "a\n\n" + line}); err != nil {
			t.Errorf("%.20q: %v", line, err)
		}
	}
}

func TestRenderLeavesWhatIsTooLongAsItWasWritten(t *testing.T) {
	tests := map[string]struct{ source, warning, want string }{
		"paragraph": {strings.Repeat("[a](*\n", 3000), "a paragraph is too long and stands as it was written", "<pre><code>[a](*\n"},
		"links":     {strings.Repeat("[a]: b\n", 10_000), "a table or list of links is too large and stands as it was written", "[a]: b\n"},
		"table":     {strings.Repeat("|a", 400) + "\n" + strings.Repeat("|-", 400) + "\n" + strings.Repeat("|x\n", 300), "a table or list of links is too large and stands as it was written", "|x\n|x\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doc := mustRender(t, connect(t, nil), "a.md", test.source)
			if !slices.Equal(doc.Warnings, []string{test.warning}) || !strings.Contains(doc.HTML, test.want) {
				t.Errorf("warnings %q, html %.80q", doc.Warnings, doc.HTML)
			}
		})
	}
}

func TestRenderNestsNoDeeperThanBrowsersDo(t *testing.T) {
	doc := mustRender(t, connect(t, nil), "a.md", strings.Repeat("<b>\n", 2000))
	if open, closed := strings.Count(doc.HTML, "<b>"), strings.Count(doc.HTML, "</b>"); open > maxOpen || open != closed || open == 0 {
		t.Errorf("%d opened, %d closed; want the same, at most %d", open, closed, maxOpen)
	}
}
