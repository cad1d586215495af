// Package outlineapi is the contract of plugins that find the headings of a document.
//
//	outline, err := outlineapi.Of.Call(ctx, peer, outlineapi.Request{Name: "guide/start.md", Source: source})
//	for _, s := range outline.Sections {
//		fmt.Println(s.Text, len(s.Sections))
//	}
//
// A section's ID is the id of its heading in the page that the sample plugin markdown makes, and on most forges.
package outlineapi

import "github.com/go-hotplug/hotplug/rpc"

// Of returns the headings of a Markdown document as a tree. Source over a limit, which are those of markdownapi, is rpc.Invalid.
const Of rpc.Query[Request, Outline] = "outline.of"

// Request is a document.
type Request struct {
	Name   string `json:"name,omitempty"` // for errors
	Source string `json:"source"`
	Depth  int    `json:"depth,omitempty"` // deepest heading that is wanted, 1 to 6; 0: all
}

// Outline is a document's headings.
type Outline struct {
	Sections []Section `json:"sections,omitempty"` // in order
	Count    int       `json:"count"`              // of all sections, those inside of others included
}

// Section is a heading and those below it.
type Section struct {
	Level    int       `json:"level"` // of the heading, 1 to 6; inside of another section it is greater than that one's
	ID       string    `json:"id"`    // unique in the document
	Text     string    `json:"text,omitempty"`
	Sections []Section `json:"sections,omitempty"` // in order
}
