package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A place is a file of a project.
type place struct {
	dir  string // the project's
	file string // from there, with /
}

func (p place) String() string { return filepath.Join(p.dir, filepath.FromSlash(p.file)) }

// shownBy are the files that pages link to or show, each as it was when they were rendered.
func (l *library) shownBy(pages []*page) map[place]string {
	shown := map[place]string{}
	for _, p := range pages {
		for name, state := range p.needs {
			if key, file, _ := strings.Cut(name, "/"); l.projects[key] != nil && l.page(name) == nil {
				shown[place{l.projects[key].dir, file}] = state
			}
		}
	}
	return shown
}

// look is the state of each source, and of files that pages show; nil if the sources cannot be read just now. Modules do not change.
func look(ctx context.Context, o options, shown map[place]string) map[place]string {
	o.modcache = false
	projects, err := collect(ctx, o)
	if err != nil {
		return nil
	}
	defer closeAll(projects)
	l, now := newLibrary(projects), map[place]string{}
	for _, p := range projects {
		for _, page := range p.Pages {
			now[place{p.dir, page.Path}] = fileState(p.root.Stat(page.Path))
		}
		for at := range shown {
			if at.dir == p.dir {
				now[at] = l.stateOf(p.key + "/" + at.file)
			}
		}
	}
	return now
}

// fileState is another one for another content, as far as size and time tell.
func fileState(info fs.FileInfo, err error) string {
	if err != nil {
		return "none"
	}
	return fmt.Sprintf("%d bytes of %d", info.Size(), info.ModTime().UnixNano())
}

// differences are the files that changed between two looks. What was not looked at before is compared with what the edition has of it.
func differences(last, now, shown map[place]string) (changed []place) {
	before := maps.Clone(shown)
	if before == nil {
		before = map[place]string{}
	}
	maps.Copy(before, last)
	for at, state := range now {
		if state != before[at] {
			changed = append(changed, at)
		}
	}
	for at := range last {
		if _, still := now[at]; !still && isMarkdown(at.file) {
			changed = append(changed, at)
		}
	}
	slices.SortFunc(changed, func(a, b place) int { return cmp.Compare(a.String(), b.String()) })
	return changed
}
