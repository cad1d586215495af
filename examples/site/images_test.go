package main

import (
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestShowSmallChangesOnlyImagesThatHaveSmallOnes(t *testing.T) {
	pictures := map[string]*picture{
		"k/a.png":   {Width: 2000, Height: 1000, small: []smallPicture{{file: "_site/pictures/a-640.png", width: 640}, {file: "_site/pictures/a-1280.png", width: 1280}}},
		"k/b c.jpg": {Width: 900, Height: 600, small: []smallPicture{{file: "_site/pictures/b-640.jpg", width: 640}}},
	}
	page := &page{doc: markdownapi.Document{Links: []markdownapi.Link{
		{Target: "a.png", Path: "k/a.png"}, {Target: "b%20c.jpg?x=1&y", Path: "k/b c.jpg"}, {Target: "other.png", Path: "k/other.png"}, {Target: "https://example.com/a.png"},
	}}}
	const a = `src="../_site/pictures/a-640.png" srcset="../_site/pictures/a-640.png 640w, ../_site/pictures/a-1280.png 1280w" sizes="min(100vw, 48rem`
	for _, test := range []struct{ name, html, want string }{
		{"an image", `<p><img src="a.png" alt="x"></p>`, `<p><a class="_picture" href="a.png" title="2000 × 1000 pixels"><img ` + a + `)" loading="lazy" alt="x"></a></p>`},
		{"of a width", `<img src="a.png" width="300">`, `<a class="_picture" href="a.png" title="2000 × 1000 pixels"><img ` + a + `, 300px)" loading="lazy" width="300"></a>`},
		{"of a part of the width", `<img src="a.png" width="50%">`, `<a class="_picture" href="a.png" title="2000 × 1000 pixels"><img ` + a + `)" loading="lazy" width="50%"></a>`},
		{"in a link", `<a href="y"><b><img src="a.png"></b></a>`, `<a href="y"><b><img ` + a + `)" loading="lazy"></b></a>`},
		{"after a link", `<a href="y">z</a><img src="a.png">`, `<a href="y">z</a><a class="_picture" href="a.png" title="2000 × 1000 pixels"><img ` + a + `)" loading="lazy"></a>`},
		{"with the whole one to choose", `<img src="b%20c.jpg?x=1&amp;y">`, `<a class="_picture" href="b%20c.jpg?x=1&amp;y" title="900 × 600 pixels"><img src="../_site/pictures/b-640.jpg" srcset="../_site/pictures/b-640.jpg 640w, b%20c.jpg?x=1&amp;y 900w" sizes="min(100vw, 48rem)" loading="lazy"></a>`},
		{"without a small one", `<img src="other.png"><img alt="none">`, `<img src="other.png"><img alt="none">`},
		{"of another site", `<img src="https://example.com/a.png">`, `<img src="https://example.com/a.png">`},
		{"no image", `<abbr title="x">src="a.png"</abbr> &lt;img src="a.png"&gt;`, `<abbr title="x">src="a.png"</abbr> &lt;img src="a.png"&gt;`},
	} {
		page.doc.HTML = test.html
		if got := showSmall(page, pictures, "../"); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}
