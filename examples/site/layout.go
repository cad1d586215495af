package main

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
)

//go:embed theme
var theme embed.FS

// Files of the site that belong to no project. No project's folder begins with an underscore.
const (
	themeFile     = "_site/style.css"
	highlightFile = "_site/highlight.css"
	linksFile     = "broken-links.html"
)

var layouts = template.Must(template.New("").Funcs(template.FuncMap{"count": count, "breakable": breakable, "minutes": minutes}).ParseFS(theme, "theme/*.html"))

// breakable lets a browser break the line after a slash.
func breakable(name string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(name), "/", "/<wbr>"))
}

// minutes is a reading time for people.
func minutes(seconds int) string {
	minutes := (seconds + 30) / 60
	switch {
	case seconds == 0:
		return ""
	case minutes < 1:
		return "< 1 min"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
}

// A site is what all of its pages share.
type site struct {
	SiteTitle string
	Projects  []*project // those with a page
	Plugins   []string   // name and version of those that it was made by

	pictures map[string]*picture // that have smaller ones, by the name that plugins know
}

// A view is what a layout shows: a page, or the index if Page is nil.
type view struct {
	*site
	Up      string // the way from the file to the site's root: "", "../" and so on
	Project *project
	Page    *page
	HTML    template.HTML
	TOC     []entry
	Plugins []string // name and version of those that the file was made by
}

func newSite(title string, projects []*project, plugins []string, pictures map[string]*picture) *site {
	s := &site{SiteTitle: title, Plugins: plugins, pictures: pictures}
	for _, p := range projects {
		if p.Home() != nil {
			s.Projects = append(s.Projects, p)
		}
	}
	return s
}

// index writes the site's first page.
func (s *site) index(w io.Writer) error {
	return layouts.ExecuteTemplate(w, "index.html", view{site: s, Plugins: s.Plugins})
}

// links writes the page that lists the links that lead nowhere.
func (s *site) links(w io.Writer) error {
	return layouts.ExecuteTemplate(w, "links.html", view{site: s, Plugins: s.Plugins})
}

// Broken is how many links of the site lead nowhere.
func (s *site) Broken() (n int) {
	for _, p := range s.Projects {
		n += p.Broken()
	}
	return n
}

// Seconds to read the site; 0: not known.
func (s *site) Seconds() (n int) {
	for _, p := range s.Projects {
		n += p.Seconds()
	}
	return n
}

// page writes a page into its layout. That its HTML can be trusted is what the renderer's contract promises.
func (s *site) page(w io.Writer, p *page) error {
	up := strings.Repeat("../", strings.Count(p.outputs()[0], "/"))
	return layouts.ExecuteTemplate(w, "page.html", view{
		site: s, Up: up, Project: p.Project, Page: p, HTML: template.HTML(showSmall(p, s.pictures, up)), TOC: p.contents(),
		Plugins: s.madeBy(p),
	})
}

// madeBy are those who took part in a page; where nobody has noted that, all.
func (s *site) madeBy(p *page) []string {
	if p.by == nil {
		return s.Plugins
	}
	names := p.madeBy()
	for _, link := range p.doc.Links {
		if s.pictures[link.Path] != nil {
			return append(names, s.plugin("thumbnail")...)
		}
	}
	return names
}

// plugin is name and version of a plugin; none if it does not answer.
func (s *site) plugin(name string) []string {
	for _, p := range s.Plugins {
		if strings.HasPrefix(p, name+" ") {
			return []string{p}
		}
	}
	return nil
}

// Link is the address of a page, from the page that is shown.
func (v view) Link(p *page) string {
	return (&url.URL{Path: v.Up + path.Join(p.Project.Slug, p.Out)}).String()
}

// maxMenu is how many pages of a project a menu shows: every page has one.
const maxMenu = 50

// Menu are the pages of the project that are near the one that is shown, and that itself.
func (v view) Menu() []*page {
	pages := v.Listed(v.Project)
	from := max(0, slices.Index(pages, v.Page)-maxMenu/2)
	from = max(0, min(from, len(pages)-maxMenu))
	return pages[from:min(len(pages), from+maxMenu)]
}

// Listed are the pages of a project that are in the site.
func (v view) Listed(p *project) []*page {
	var pages []*page
	for _, page := range p.Pages {
		if page.err == nil {
			pages = append(pages, page)
		}
	}
	return pages
}

// writeAll writes everything but assets.
func (s *site) writeAll(o *output, css string) error {
	style, err := theme.ReadFile("theme/style.css")
	if err != nil {
		return err
	}
	if err := o.writeText(themeFile, string(style)); err != nil {
		return err
	}
	if err := o.writeText(highlightFile, css); err != nil {
		return err
	}
	if err := o.write("index.html", s.index); err != nil {
		return err
	}
	if err := o.write(linksFile, s.links); err != nil {
		return err
	}
	for _, project := range s.Projects {
		for _, p := range project.Pages {
			if err := s.writePage(o, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *site) writePage(o *output, p *page) error {
	if p.err != nil {
		return nil
	}
	for _, out := range p.outputs() {
		if err := o.write(out, func(w io.Writer) error { return s.page(w, p) }); err != nil {
			return err
		}
	}
	return nil
}
