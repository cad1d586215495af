// Package highlightapi is the contract of syntax highlighters.
//
//	out, err := highlightapi.Highlight.Call(ctx, peer, highlightapi.HighlightRequest{Language: "go", Code: code})
//	css, err := highlightapi.Style.Call(ctx, peer, highlightapi.StyleRequest{})
//
// Highlight marks code up with CSS classes; Style returns the stylesheet for them, once per page or site. Neither
// carries colours in the markup, so a page follows the reader's light or dark scheme.
package highlightapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	// Highlight turns code into HTML. Code over MaxCode bytes is rpc.Invalid; a language that is not known is no
	// error: the code comes back escaped and otherwise as it was.
	Highlight rpc.Query[HighlightRequest, Highlighted] = "highlight.highlight"

	// Style returns the CSS for what Highlight returns. A style that does not exist is rpc.NotFound, and the error names
	// those that do.
	Style rpc.Query[StyleRequest, Stylesheet] = "highlight.style"
)

// MaxCode is the longest code that is highlighted, in bytes.
const MaxCode = 1 << 20

// Class belongs on the element around highlighted code: the stylesheet's rules are all below it.
const Class = "chroma"

// HighlightRequest is code to mark up.
type HighlightRequest struct {
	Language string `json:"language,omitempty"` // a name or file extension, such as go or py; empty: plain text
	Code     string `json:"code"`
}

// Highlighted is code as HTML.
type Highlighted struct {
	HTML     string `json:"html"`               // spans with classes, to stand inside <pre class="chroma"><code>
	Language string `json:"language,omitempty"` // the language's proper name; empty: plain text
}

// StyleRequest chooses colours by the names of Chroma's styles.
type StyleRequest struct {
	Light string `json:"light,omitempty"` // empty: github
	Dark  string `json:"dark,omitempty"`  // for readers who prefer dark; empty: github-dark
}

// Stylesheet is CSS.
type Stylesheet struct {
	CSS string `json:"css"`
}
