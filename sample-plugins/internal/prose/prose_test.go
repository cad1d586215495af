package prose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
)

func parse(source string) ast.Node {
	return prose.Parse(goldmark.New(prose.Options()...).Parser(), []byte(source), nil)
}

func TestTextIsWhatPeopleRead(t *testing.T) {
	source := "# A *title*\n\nSome `code`, [a link](x) ![a picture](y.png)\nand <https://example.com>.\n\n```go\nfunc main() {}\n```\n\n<p>raw</p>\n\n- one\n- two\n"
	got := strings.Fields(prose.Text(parse(source), []byte(source)))
	want := strings.Fields("A title Some code, a link and https://example.com. one two")
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHeadingIsNotNamedAfterItsBadges(t *testing.T) {
	for source, want := range map[string]string{
		"# color [![PkgGoDev](https://example.com/b.svg)](https://example.com)": "color",
		"# ![Build](b.svg) ![Docs](d.svg) zap *fast*":                           "zap fast",
		"# ![cobra *logo*](logo.png)":                                           "cobra logo",
		"# [![Build](b.svg)](https://example.com)":                              "",
		"# ![Build](b.svg) ![Docs](d.svg)":                                      "",
		"# two\\\nlines":                                                        "two\\",
		"two  \nlines\n===":                                                     "two lines",
		`# a\_b &amp; &#99; ` + "`d\\_e`":                                       `a_b & c d\_e`,
		"#":                                                                     "",
	} {
		h, ok := parse(source).FirstChild().(*ast.Heading)
		if !ok {
			t.Fatalf("%q is no heading", source)
		}
		if got := prose.Heading(h, []byte(source)); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

func TestSlugsAreUniqueAndReadable(t *testing.T) {
	source := "# What's new?\n\n# What's new?\n\n# What's new 1\n\n# Über 2_x\n\n# ???\n\n# 中文 标题\n\n# [`assert`](https://example.com) package ![x](y)\n"
	var got []string
	for n := parse(source).FirstChild(); n != nil; n = n.NextSibling() {
		got = append(got, prose.ID(n.(*ast.Heading)))
	}
	if want := []string{"whats-new", "whats-new-1", "whats-new-1-1", "über-2_x", "section", "中文-标题", "assert-package"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
