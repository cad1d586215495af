package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// reportOf is a report of two pages.
func reportOf(fail bool) *report {
	p := &project{Slug: "docs", key: "k"}
	p.add("a.md")
	p.add("b.md")
	p.Pages[0].source, p.Pages[0].headings, p.Pages[0].Broken = 1234, 12, make([]brokenLink, 3)
	routes := []figure{
		{route: route{plugin: "markdown", message: "markdown.render"}, calls: 2, median: 1500 * time.Microsecond, p99: 250 * time.Millisecond},
		{route: route{plugin: "markdown", message: "host.exists", incoming: true}, calls: 1, median: 90 * time.Microsecond, p99: 90 * time.Microsecond},
	}
	if fail {
		p.Pages[1].err = errors.New("nested too deep")
		p.Pages[0].notes = []string{"k/a.md is odd"}
		routes[0].failed, routes[0].reasons = 1, map[string]int{"Invalid: nested too deep": 1}
	}
	r := &report{out: "build/site", routes: routes, written: 56_789, uploaded: 345_678, assets: 1, elapsed: 1234 * time.Millisecond}
	r.count([]*project{p})
	return r
}

func printed(r *report) string {
	var out strings.Builder
	r.print(&out)
	return out.String()
}

func TestSummaryIsATable(t *testing.T) {
	const want = `site          build/site
pages         2 of 2, from 1 project
bytes         1234 B of Markdown, 56 kB of site with 1 asset
streamed      12 headings from outline, 345 kB of pictures to thumbnail
broken links  3, see broken-links.html
calls         3, 0 failed
time          1.234s

plugin         message             calls    failed      median         p99
to markdown    markdown.render         2         0      1.5 ms      250 ms
from markdown  host.exists             1         0       90 µs       90 µs
`
	if got := printed(reportOf(false)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSummaryGivesTheReasons(t *testing.T) {
	r := reportOf(true)
	r.blame([]host.Failure{{Plugin: "highlight", Err: errors.New("crashed: exit status 3\nlast line")}})
	got := printed(r)
	for _, want := range []string{
		"pages         1 of 2", "failed: plugin highlight: crashed: exit status 3", "failed: page docs/b.md: nested too deep",
		"failed: markdown.render, 1 time: Invalid: nested too deep", "warning: docs/a.md: docs/a.md is odd",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestSummaryCutsLongLists(t *testing.T) {
	r := reportOf(false)
	for i := range maxLines + 7 {
		r.warnings = append(r.warnings, fmt.Sprint("number ", i))
	}
	got := printed(r)
	if !strings.HasSuffix(got, "\nwarning: number 9\nwarning: and 7 more\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestVerdictIsOneLine(t *testing.T) {
	broken := reportOf(true)
	crashed := reportOf(true)
	crashed.blame([]host.Failure{{Plugin: "highlight", Err: errors.New("crashed: exit status 3\nlast line")}})
	calls := reportOf(false)
	calls.routes[1].failed, calls.routes[1].reasons = 2, map[string]int{"rare": 1, "Denied: no": 2}
	for _, test := range []struct {
		report *report
		want   string
	}{
		{reportOf(false), "demo: ok, 2 pages, 3 calls, 0 failed"},
		{broken, "demo: failed, 1 page failed, 1 call failed, docs/b.md: nested too deep"},
		{crashed, "demo: failed, 1 page failed, 1 call failed, 1 plugin failed, plugin highlight: crashed: exit status 3"},
		{calls, "demo: failed, 2 calls failed, host.exists: Denied: no"},
	} {
		if got := test.report.verdict(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
