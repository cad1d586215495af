package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

const maxLines = 10 // of one kind of failure or warning that are shown

func compareRoutes(a, b route) int {
	direction := func(r route) int {
		if r.incoming {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.plugin, b.plugin), cmp.Compare(direction(a), direction(b)), cmp.Compare(a.message, b.message))
}

// print writes the summary.
func (r *report) print(w io.Writer) {
	r.printTotals(w)
	r.printRoutes(w)
	r.printFailures(w)
}

func (r *report) printTotals(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	calls, failed := r.calls()
	fmt.Fprintf(t, "site\t%s\n", r.out)
	fmt.Fprintf(t, "pages\t%d of %d, from %s\n", r.pages, r.pages+len(r.failed), count(len(r.projects), "project"))
	fmt.Fprintf(t, "bytes\t%s of Markdown, %s of site with %s\n", size(r.read), size(r.written), count(r.assets, "asset"))
	if r.pictures > 0 {
		fmt.Fprintf(t, "pictures\t%d made smaller, by %s\n", r.pictures, size(r.saved))
	}
	if r.headings > 0 || r.uploaded > 0 {
		fmt.Fprintf(t, "streamed\t%s from outline, %s of pictures to thumbnail\n", count(r.headings, "heading"), size(r.uploaded))
	}
	if n := r.broken(); n > 0 {
		fmt.Fprintf(t, "broken links\t%d, see %s\n", n, linksFile)
	} else {
		fmt.Fprintf(t, "broken links\t0\n")
	}
	fmt.Fprintf(t, "calls\t%d, %d failed\n", calls, failed)
	fmt.Fprintf(t, "time\t%s\n", r.elapsed.Round(time.Millisecond))
	t.Flush()
}

// printRoutes writes the table of messages: for each plugin those to it and those from it.
func (r *report) printRoutes(w io.Writer) {
	if len(r.routes) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nplugin\tmessage\t%8s\t%8s\t%10s\t%10s\n", "calls", "failed", "median", "p99")
	for _, f := range r.routes {
		direction := "to"
		if f.incoming {
			direction = "from"
		}
		fmt.Fprintf(t, "%s %s\t%s\t%8d\t%8d\t%10s\t%10s\n", direction, f.plugin, f.message, f.calls, f.failed, latency(f.median), latency(f.p99))
	}
	t.Flush()
}

// printFailures writes what went wrong, and why.
func (r *report) printFailures(w io.Writer) {
	var pages, calls []string
	for _, p := range r.failed {
		pages = append(pages, fmt.Sprintf("page %s: %v", p, p.err))
	}
	for _, f := range r.routes {
		for _, reason := range byCount(f.reasons) {
			calls = append(calls, fmt.Sprintf("%s, %s: %s", f.message, count(f.reasons[reason], "time"), reason))
		}
	}
	for _, list := range []struct {
		kind  string
		lines []string
	}{{"without", r.absent}, {"failed", r.plugins}, {"failed", pages}, {"failed", calls}, {"warning", r.warnings}} {
		printLines(w, list.kind, list.lines)
	}
}

// printLines writes a list after an empty line, and cuts it where nobody reads on.
func printLines(w io.Writer, kind string, lines []string) {
	for i, line := range lines {
		if i == 0 {
			fmt.Fprintln(w)
		}
		if i == maxLines {
			fmt.Fprintf(w, "%s: and %d more\n", kind, len(lines)-maxLines)
			return
		}
		fmt.Fprintf(w, "%s: %s\n", kind, line)
	}
}

// latency is a duration of three digits or so.
func latency(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
}

func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}
