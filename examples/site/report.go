package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// A report is what a build has to say in the end.
type report struct {
	out      string
	projects []*project
	failed   []*page
	warnings []string
	absent   []string // plugins that are not installed, with what the site is without
	plugins  []string // that did not start or did not last, with their reasons
	pictures int      // that have smaller ones
	saved    int64    // bytes of those
	uploaded int64    // bytes that pictures were made smaller from, once for each width
	headings int      // that came one by one
	routes   []figure
	read     int64 // bytes of Markdown
	written  int64 // bytes of the site
	pages    int   // in the site
	assets   int   // likewise
	elapsed  time.Duration
}

// count takes in what became of the pages.
func (r *report) count(projects []*project) {
	r.projects = projects
	for _, p := range projects {
		for _, page := range p.Pages {
			r.read += int64(page.source)
			if page.err != nil {
				r.failed = append(r.failed, page)
				continue
			}
			r.pages++
			r.headings += page.headings
			for _, warning := range slices.Concat(page.notes, page.linkNotes) {
				r.warnings = append(r.warnings, fmt.Sprintf("%s: %s", page, p.readable(warning)))
			}
		}
	}
}

// blame takes in what the host says of its plugins.
func (r *report) blame(failed []host.Failure) {
	for _, f := range failed {
		r.plugins = append(r.plugins, fmt.Sprintf("plugin %s: %v", f.Plugin, f.Err))
	}
}

func (r *report) broken() (n int) {
	for _, p := range r.projects {
		n += p.Broken()
	}
	return n
}

func (r *report) calls() (calls, failed int) {
	for _, f := range r.routes {
		calls += f.calls
		failed += f.failed
	}
	return calls, failed
}

// ok says whether nothing at all failed.
func (r *report) ok() bool {
	_, failed := r.calls()
	return len(r.failed) == 0 && failed == 0 && len(r.plugins) == 0
}

// verdict is the last line of a demonstration.
func (r *report) verdict() string {
	calls, failed := r.calls()
	if r.ok() {
		return fmt.Sprintf("demo: ok, %d pages, %d calls, 0 failed", r.pages, calls)
	}
	var reasons []string
	for _, what := range []struct {
		n    int
		noun string
	}{{len(r.failed), "page"}, {failed, "call"}, {len(r.plugins), "plugin"}} {
		if what.n > 0 {
			reasons = append(reasons, count(what.n, what.noun)+" failed")
		}
	}
	if first := r.firstReason(); first != "" {
		reasons = append(reasons, first)
	}
	return "demo: failed, " + strings.Join(reasons, ", ")
}

// firstReason is the most telling reason, on one line: a plugin's before a page's before a call's.
func (r *report) firstReason() string {
	reason := ""
	switch {
	case len(r.plugins) > 0:
		reason = r.plugins[0]
	case len(r.failed) > 0:
		reason = fmt.Sprintf("%s: %v", r.failed[0], r.failed[0].err)
	default:
		for _, f := range r.routes {
			if f.failed > 0 {
				reason = f.message + ": " + byCount(f.reasons)[0]
				break
			}
		}
	}
	line, _, _ := strings.Cut(reason, "\n")
	return line
}

// byCount lists what is counted, the most frequent first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
