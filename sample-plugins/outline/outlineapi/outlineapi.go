package outlineapi

import "github.com/go-hotplug/hotplug/rpc"

// Source over a limit, which are those of markdownapi, is rpc.Invalid.
const (
	// Headings are those of a Markdown document, in order, one by one. Whoever has seen enough leaves the loop.
	Headings rpc.Stream[Request, Heading] = "outline.headings"

	// Of returns them at once, as a tree.
	Of rpc.Query[Request, Outline] = "outline.of"
)

// Request is a document.
type Request struct {
	Name   string `json:"name,omitempty"` // for errors
	Source string `json:"source"`
	Depth  int    `json:"depth,omitempty"` // deepest heading that is wanted, 1 to 6; 0: all
}

// Heading is one of a document's headings.
type Heading struct {
	Level int    `json:"level"` // 1 to 6
	ID    string `json:"id"`    // unique in the document
	Text  string `json:"text,omitempty"`
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
