package main

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// assets are the files that pages refer to, by the names that plugins know, each once.
func (l *library) assets(pages []*page) []string {
	var names []string
	for _, p := range pages {
		for _, link := range p.doc.Links {
			if link.Path != "" && !link.Broken && l.pages[link.Path] == nil && l.folders[link.Path] == nil {
				names = append(names, link.Path)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// copyAssets copies them into the site, except for those in whose place a page stands. What cannot be copied is a warning: the site is
// usable without.
func (l *library) copyAssets(names []string, pages []*page, o *output) (copied int, warnings []string) {
	taken := map[string]bool{}
	for _, p := range pages {
		for _, out := range p.outputs() {
			taken[fold(out)] = true
		}
	}
	for _, name := range names {
		to := l.place(name)
		if taken[fold(to)] {
			continue
		}
		taken[fold(to)] = true
		if err := l.copyAsset(name, to, o); err != nil {
			warnings = append(warnings, fmt.Sprintf("asset %s: %v", to, err))
			continue
		}
		copied++
	}
	return copied, warnings
}

func (l *library) copyAsset(name, to string, o *output) error {
	f, _, err := l.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.write(to, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(f, maxAsset))
		if err == nil && n == maxAsset {
			return fmt.Errorf("it grew to more than %d bytes", maxAsset)
		}
		return err
	})
}

// place is where a file will be in the site.
func (l *library) place(name string) string {
	key, file, _ := strings.Cut(name, "/")
	if p := l.projects[key]; p != nil {
		return path.Join(p.Slug, file)
	}
	return name
}
