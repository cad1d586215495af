package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestBalanceClosesWhatIsOpenAndNothingElse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it should be", `<p>a<b>c</b></p>`, `<p>a<b>c</b></p>`},
		{"never closed", `<div><b>x`, `<div><b>x</b></div>`},
		{"never opened", `x</div></main>y`, `xy`},
		{"crossed", `<b><i>x</b>y</i>z`, `<b><i>x</i></b>yz`},
		{"void", `a<br>b<hr/>c</br>`, `a<br>b<hr>c`},
		{"attributes", `<a href="x?a=1&amp;b=&#34;" title="">y</a>`, `<a href="x?a=1&amp;b=&#34;" title="">y</a>`},
		{"no tag", `1 < 2 <3> <p x> <p x=y> <p x="y>`, `1 &lt; 2 <3> &lt;p x> &lt;p x=y> &lt;p x="y></3>`},
	}
	for _, test := range tests {
		if got := balance(scan(test.in)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// FuzzRender proves what hosts rely on, whatever the source: sanitizing the page again takes nothing away but our data:
// addresses, and every element is closed.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n[x](y.md) <b>", "<div>\n\n</div></div>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "```go\n</code>\n```", "<a href='\"><script>'>",
	} {
		f.Add(seed)
	}
	host := connect(f, nil)
	again := newPolicy()
	again.AllowAttrs("class").Matching(bluemonday.SpaceSeparatedTokens).Globally()
	f.Fuzz(func(t *testing.T, source string) {
		if strings.ContainsRune(source, 0) || len(source) > 1<<16 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		doc, err := markdownapi.Render.Call(ctx, host, markdownapi.RenderRequest{Name: "guide/a.md", Source: source})
		if errors.Is(err, rpc.Invalid) {
			return // over a limit, which is said and not rendered
		}
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		html := doc.HTML
		if twice := again.Sanitize(html); twice != html {
			t.Errorf("%q renders to\n%q, which sanitized again is\n%q", source, html, twice)
		}
		open := map[string]int{}
		for _, tag := range scan(html) {
			switch {
			case tag.closing:
				open[tag.name]--
			case tag.name != "" && !isVoid(tag.name):
				open[tag.name]++
			}
			if open[tag.name] < 0 {
				t.Fatalf("%q: </%s> closes what it did not open", source, tag.name)
			}
		}
		for name, n := range open {
			if n != 0 {
				t.Errorf("%q: %d <%s> are not closed", source, n, name)
			}
		}
	})
}
