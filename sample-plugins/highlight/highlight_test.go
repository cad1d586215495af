package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
)

func connect(t testing.TB) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, nil, handlers())
	return p
}

func TestHighlightMarksUpWithClassesAndEscapes(t *testing.T) {
	tests := []struct{ language, code, name, html string }{
		{"go", "var x = \"<b>\"\n", "Go", `<span class="kd">var</span><span class="w"> </span><span class="nx">x</span><span class="w"> </span><span class="p">=</span><span class="w"> </span><span class="s">&#34;&lt;b&gt;&#34;</span><span class="w">` + "\n</span>"},
		{"json", "1", "JSON", `<span class="mi">1</span>`},
		{"", "<i>\n", "", "&lt;i&gt;\n"},
		{"no-such-language", "<i>\n", "", "&lt;i&gt;\n"},
		{"go", "", "Go", ""},
	}
	p := connect(t)
	for _, test := range tests {
		got, err := highlightapi.Highlight.Call(t.Context(), p, highlightapi.HighlightRequest{Language: test.language, Code: test.code})
		if err != nil || got.HTML != test.html || got.Language != test.name {
			t.Errorf("%s %q: %q, %q, %v\nwant %q, %q", test.language, test.code, got.HTML, got.Language, err, test.html, test.name)
		}
	}
}

func TestHighlightRefusesCodeOverTheLimit(t *testing.T) {
	req := highlightapi.HighlightRequest{Code: strings.Repeat("x", highlightapi.MaxCode+1)}
	if _, err := highlightapi.Highlight.Call(t.Context(), connect(t), req); !errors.Is(err, rpc.Invalid) {
		t.Errorf("error %v, want Invalid", err)
	}
}

func TestHighlightEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := highlight(ctx, highlightapi.HighlightRequest{Language: "go", Code: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
}

func TestStyleHasColoursForLightAndDark(t *testing.T) {
	got, err := highlightapi.Style.Call(t.Context(), connect(t), highlightapi.StyleRequest{})
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(got.CSS, "@media (prefers-color-scheme: dark) {")
	if !ok || !strings.Contains(light, ".chroma .kd {") || !strings.Contains(dark, ".chroma .kd {") || strings.Count(got.CSS, "{") != strings.Count(got.CSS, "}") {
		t.Errorf("stylesheet:\n%s", got.CSS)
	}
}

func TestStyleNamesTheStylesThereAre(t *testing.T) {
	_, err := highlightapi.Style.Call(t.Context(), connect(t), highlightapi.StyleRequest{Dark: "midnight"})
	if !errors.Is(err, rpc.NotFound) || !strings.Contains(err.Error(), `"midnight"`) || !strings.Contains(err.Error(), "monokai") {
		t.Errorf("error %v, want NotFound with the names", err)
	}
}
