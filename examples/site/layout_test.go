package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestLayoutEscapesEverythingButTheRenderersHTML(t *testing.T) {
	const evil = `"><script>x</script>`
	p := &project{Name: "a/" + evil, Version: evil, Slug: "a"}
	p.add("b/" + evil + ".md")
	namePages(p.Pages)
	heading := markdownapi.Heading{Level: 2, ID: evil, Text: evil}
	p.Pages[0].doc = markdownapi.Document{Title: evil, HTML: "<p>trusted", Headings: []markdownapi.Heading{heading, heading, heading}}
	s := &site{SiteTitle: evil, Projects: []*project{p}, Plugins: []string{evil}}

	var page, index strings.Builder
	if err := s.page(&page, p.Pages[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.index(&index); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "<p>trusted") {
		t.Error("the renderer's HTML is escaped")
	}
	for name, text := range map[string]string{"page": page.String(), "index": index.String()} {
		if strings.Contains(text, "<script") || !strings.Contains(text, "&lt;script&gt;") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestAProjectIsCalledWhatItsFirstPageSays(t *testing.T) {
	for _, test := range []struct {
		file, version, title, short string
	}{
		{"README.md", "", "Welcome", "Welcome"},
		{"other.md", "", "example.com/x", "example.com/x"},
		{"README.md", "v1.0.0", "example.com/x", "x"},
	} {
		p := &project{Name: "example.com/x", Version: test.version}
		p.add(test.file)
		namePages(p.Pages)
		p.Pages[0].doc.Title = "Welcome"
		if p.Title() != test.title || p.Short() != test.short {
			t.Errorf("%s %s: %q, in a menu %q", test.file, test.version, p.Title(), p.Short())
		}
	}
}

func TestLinksLeadToFilesWithOddNames(t *testing.T) {
	p := &project{Slug: "docs"}
	p.add("sub/50% of C#? a:b.md")
	namePages(p.Pages)
	if got, want := (view{Up: "../"}).Link(p.Pages[0]), "../docs/sub/50%25%20of%20C%23%3F%20a:b.html"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMenuShowsThePagesAroundTheOneThatIsShown(t *testing.T) {
	p := &project{Name: "docs", Slug: "docs"}
	for i := range 3 * maxMenu {
		p.add(fmt.Sprintf("p%03d.md", i))
	}
	namePages(p.Pages)
	p.Pages[1].err = errors.New("not in the site")
	for _, test := range []struct{ shown, first, last int }{{0, 0, maxMenu}, {75, 50, 99}, {149, 100, 149}} {
		menu := view{Project: p, Page: p.Pages[test.shown]}.Menu()
		if len(menu) != maxMenu || menu[0] != p.Pages[test.first] || menu[maxMenu-1] != p.Pages[test.last] {
			t.Errorf("page %d: %d pages from %s to %s", test.shown, len(menu), menu[0], menu[len(menu)-1])
		}
	}
	var html strings.Builder
	if err := (&site{Projects: []*project{p}}).page(&html, p.Pages[0]); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(html.String(), `href="../index.html#docs">all 149 pages</a>`) {
		t.Errorf("no way to the other pages in\n%s", html.String())
	}
}
