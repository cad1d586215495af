package main

import (
	"crypto/rand"
	"crypto/sha256"
	"os"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

// A project is one folder with Markdown: a part of the site.
type project struct {
	Name    string // for readers
	Version string // of a module; else empty
	Slug    string // its folder in the site
	Pages   []*page

	dir  string
	root *os.Root // all reading goes through it: what lies outside of dir does not exist

	// key stands for the project in the names that plugins get and send, key/guide/start.md. Nobody who writes a page can
	// guess it, so a page that climbs out of its own project finds no other.
	key string
}

// A page is one Markdown file.
type page struct {
	Project *project
	Path    string // from the project's folder, with /
	Out     string // likewise, of the HTML
	Index   bool   // stands in its folder's index.html too

	Broken []brokenLink // links that lead nowhere

	source    int // bytes
	doc       markdownapi.Document
	outlined  bool // sections is the page's outline, which may be empty
	sections  []outlineapi.Section
	headings  int                 // that sections are made of
	counts    wordcountapi.Counts // zero: not counted
	notes     []string            // what went wrong and did not matter much
	sum       [sha256.Size]byte   // of the source
	by        makers              // who took part
	needs     map[string]string   // files and pages that it links to or shows, by the names that plugins know, each with its state
	why       string              // why it was rendered for this edition; empty: it was not
	linkNotes []string            // as notes, of who checks links
	err       error               // why it is not in the site
}

func openProject(name, dir string) (*project, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &project{Name: name, dir: dir, root: root, key: strings.ToLower(rand.Text())}, nil
}

// add adds a page, unless it is there already.
func (p *project) add(path string) {
	if slices.ContainsFunc(p.Pages, func(page *page) bool { return page.Path == path }) {
		return
	}
	p.Pages = append(p.Pages, &page{Project: p, Path: path})
}

// Title is what the project calls itself on its first page; a module goes by its path.
func (p *project) Title() string {
	if home := p.Home(); p.Version == "" && home != nil && home.Index {
		return home.Title()
	}
	return p.Name
}

// Short is the title for a menu.
func (p *project) Short() string {
	if p.Version == "" {
		return p.Title()
	}
	return withoutHost(p.Name)
}

// Home is where a reader begins.
func (p *project) Home() *page {
	var first *page
	for _, page := range p.Pages {
		switch {
		case page.err != nil:
		case page.Index && !strings.Contains(page.Path, "/"):
			return page
		case first == nil:
			first = page
		}
	}
	return first
}

// Words of all pages.
func (p *project) Words() (n int) {
	for _, page := range p.Pages {
		n += page.Words()
	}
	return n
}

// Seconds to read all pages; 0: not known.
func (p *project) Seconds() (n int) {
	for _, page := range p.Pages {
		n += page.Seconds()
	}
	return n
}

// Broken links of all pages.
func (p *project) Broken() (n int) {
	for _, page := range p.Pages {
		n += len(page.Broken)
	}
	return n
}

// String is the page for people.
func (p *page) String() string { return p.Project.Slug + "/" + p.Path }

// Title is what the page calls itself, else its file.
func (p *page) Title() string {
	if p.doc.Title != "" {
		return p.doc.Title
	}
	return strings.TrimSuffix(p.Path, markdownExt)
}

// Words of the page.
func (p *page) Words() int {
	if p.counts.Words > 0 {
		return p.counts.Words
	}
	return p.doc.Words
}

// Seconds to read the page; 0: not known.
func (p *page) Seconds() int { return p.counts.Seconds }

// name is the page's for plugins.
func (p *page) name() string { return p.Project.key + "/" + p.Path }

// readable puts the project's name where a plugin's text has its key.
func (p *project) readable(text string) string {
	return strings.ReplaceAll(text, p.key+"/", p.Slug+"/")
}
