package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// nameProjects gives each project a folder of its own in the site.
func nameProjects(projects []*project) {
	used := map[string]bool{}
	for _, p := range projects {
		base := slug(p.Name)
		p.Slug = base
		for n := 2; used[p.Slug]; n++ {
			p.Slug = base + "-" + strconv.Itoa(n)
		}
		used[p.Slug] = true
	}
}

// slug makes a name for a folder: lower case, digits and single hyphens. Of a module's path the host's domain is left out.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(withoutHost(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "pages"
	}
	return strings.Join(words, "-")
}

func withoutHost(name string) string {
	if host, rest, ok := strings.Cut(name, "/"); ok && strings.Contains(host, ".") {
		return rest
	}
	return name
}

// namePages says where each page of a project goes: a.md to a.html beside it, and README.md also to index.html unless there is an
// index.md. Two pages that would share a file on some file system cannot both be in the site: the later one is not.
func namePages(pages []*page) {
	taken := map[string]*page{}
	for _, p := range pages {
		p.Out = strings.TrimSuffix(p.Path, markdownExt) + ".html"
		p.Index = path.Base(p.Out) == "index.html"
		if other := taken[fold(p.Out)]; other != nil {
			p.err = fmt.Errorf("would be written over %s: rename one of them", other.Path)
			continue
		}
		taken[fold(p.Out)] = p
	}
	for _, p := range pages {
		index := path.Join(path.Dir(p.Out), "index.html")
		if p.err == nil && strings.EqualFold(path.Base(p.Path), "README.md") && taken[fold(index)] == nil {
			taken[fold(index)] = p
			p.Index = true
		}
	}
}

// fold maps names that are one on a file system without case to the same string.
func fold(name string) string { return strings.ToLower(name) }

// outputs are the files of a page, from the site's root.
func (p *page) outputs() []string {
	first := path.Join(p.Project.Slug, p.Out)
	if index := path.Join(path.Dir(first), "index.html"); p.Index && index != first {
		return []string{first, index}
	}
	return []string{first}
}
