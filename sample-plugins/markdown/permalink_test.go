package main

import "testing"

func TestEachHeadingThatHasAnIDGetsALinkToIt(t *testing.T) {
	for page, want := range map[string]string{
		`<h1 id="a">A <em>b</em></h1><p>c</p><h6 id="d">D</h6>`: `<h1 id="a">A <em>b</em> <a href="#a" class="permalink">§</a></h1><p>c</p><h6 id="d">D <a href="#d" class="permalink">§</a></h6>`,
		`<h2>none</h2><p id="e">e</p>`:                          `<h2>none</h2><p id="e">e</p>`,
		`<h2 id="x">open`:                                       `<h2 id="x">open</h2>`,
		`</h2><h3 id="f">F</h3></h3>`:                           `<h3 id="f">F <a href="#f" class="permalink">§</a></h3>`,
	} {
		if got := balance(link(scan(page), "§")); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", page, got, want)
		}
		if got, plain := balance(link(scan(page), "")), balance(scan(page)); got != plain {
			t.Errorf("without a text: %s became %s", plain, got)
		}
	}
}
