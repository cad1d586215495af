// Package markdownapi is the contract of Markdown renderers.
//
//	doc, err := markdownapi.Render.Call(ctx, peer, markdownapi.RenderRequest{Name: "guide/start.md", Source: source})
//	if err != nil {
//		return err
//	}
//	page.Write(doc.Title, doc.HTML)
//
// The source is not trusted, the HTML can be: it holds no script, no style and no address but http, https, mailto and
// relative ones, every element in it is closed, and none closes an element around it. Images of the site that are small stand
// in it as data: addresses.
package markdownapi

import "github.com/go-hotplug/hotplug/rpc"

// Render turns a Markdown document into HTML. Source over one of the limits is rpc.Invalid.
const Render rpc.Query[RenderRequest, Document] = "markdown.render"

// Limits of a document.
const (
	MaxSource = 1 << 20  // bytes
	MaxLine   = 64 << 10 // bytes
	MaxDepth  = 100      // quotes and lists inside of each other
)

// RenderRequest is a document.
type RenderRequest struct {
	// Name is the document's path from the site's root, such as guide/start.md: relative links and images start from
	// its folder.
	Name   string `json:"name"`
	Source string `json:"source"`
}

// Document is a rendered document.
type Document struct {
	HTML     string    `json:"html"`
	Title    string    `json:"title,omitempty"`    // the first heading of the highest level that has text; badges have none
	Headings []Heading `json:"headings,omitempty"` // in order
	Links    []Link    `json:"links,omitempty"`    // in order, images included, each target once
	Words    int       `json:"words"`              // of prose; code is not counted
	Broken   int       `json:"broken"`             // links and images whose target the host does not have
	Warnings []string  `json:"warnings,omitempty"` // what was rendered in a plainer way than asked, and why
}

// Heading is an entry for a table of contents.
type Heading struct {
	Level int    `json:"level"` // 1 to 6
	ID    string `json:"id"`    // the element's id, unique in the document
	Text  string `json:"text"`
}

// Link is a link or an image.
type Link struct {
	Target string `json:"target"`         // as the document says it
	Path   string `json:"path,omitempty"` // for a target inside the site: from its root, without query and fragment
	Broken bool   `json:"broken,omitempty"`
}

// BrokenClass is the class of links and images whose target does not exist.
const BrokenClass = "broken"
