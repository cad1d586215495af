package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

const opening = `# Benchmarks

Hotplug beside other ways of calling a process, all in one run: ` + "`make bench`" + ` measured this and wrote this page from
[results.json](../bench/results.json), which has every single value.

`

const explained = `
## How it was measured

- Each call is one between two real processes. Hotplug is called as an application calls it: a host with a plugins folder, a plugin
  that serves typed messages. The floor, "bare socket", is a length and bytes over a Unix socket, with nothing else; where callers
  call at once, each has a connection to itself there.
- Where two processes run decides more than what they do: to wake a thread on the same core costs a few microseconds, to wake
  one on another core, which has halted, up to ten times that. So most is measured three times: with both processes on one core
  (their runtimes have one core, too), with one core for each, and free, where the kernel places them as it likes.
- In each repetition each contender has its turn, beginning with another one, after a warm-up of a tenth of the time. What stands
  here are medians of the repetitions, with the smallest and the largest. A sequential call is the median of the calls in its time.
- CPU is the time of both processes for each call, notice or chunk. "allocs" is how often each allocates memory in the calling process.
- "borrowed" is hotplug with both ends reading bytes where they arrived (rpc.Borrowed, and CallFunc for replies; see "Large bytes" on the plugin
  authors' page). Neither end keeps them, as the bare socket's do not. A program that takes them as []byte has the row beside it.
- The bare socket has buffers in the kernel of the size that hotplug asks for. It goes through Go's net package; hotplug's small reads and writes
  are raw system calls, so that it may be below the floor.
- "to floor" and "to gRPC" are ratios to the medians of the bare socket and of go-plugin with gRPC in the same run and placement.
`

// Page is the document of a run. text is the part that is written by hand; it comes behind the bars.
func Page(r Results, text string) string {
	var b strings.Builder
	b.WriteString(opening)
	m := r.Machine
	fmt.Fprintf(&b, "On %s, %d cores (%s), %s, %s. The machine\nis shared with others: ratios within the run mean more than times do, and the spread is part of the answer.\n",
		m.Date, m.Cores, m.Processor, m.Kernel, m.Go)
	writeBars(&b, r.Bars)
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(&b, "\n%s\n", text)
	}
	b.WriteString(explained)
	for _, group := range valuesOf(r.Rows, func(r result.Row) string { return r.Group }) {
		writeGroup(&b, r.Rows, group)
	}
	return b.String()
}

func writeBars(b *strings.Builder, bars []Bar) {
	b.WriteString("\n## Bars\n\n| bar | value | met |\n| --- | ---: | --- |\n")
	for _, bar := range bars {
		met := "yes"
		if !bar.Met {
			met = "**no**"
		}
		fmt.Fprintf(b, "| %s | %.2f | %s |\n", bar.Bar, bar.Value, met)
	}
}

// beside are units that stand beside others, the timed ones, in columns of their own.
var (
	beside = []string{"µs of CPU", "allocs"}
	timed  = []string{"µs", "calls/s", "notices/s", "bytes/s"}
)

// placements are the headings of a group's tables.
var placements = map[place.Placement]string{
	place.OneCore: "both processes on one core", place.OneCoreEach: "one core for each process", place.Free: "free",
}

func writeGroup(b *strings.Builder, all []result.Row, group string) {
	fmt.Fprintf(b, "\n## %s%s\n", strings.ToUpper(group[:1]), group[1:])
	for _, p := range []place.Placement{place.OneCore, place.OneCoreEach, place.Free} {
		var rows []result.Row
		for _, r := range all {
			if r.Group == group && r.Placement == string(p) && !slices.Contains(beside, r.Unit) {
				rows = append(rows, r)
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n### %s%s, %s\n\n", strings.ToUpper(group[:1]), group[1:], placements[p])
		writeRows(b, all, sorted(rows))
	}
}

// sorted has rows of a case and unit together, and a contender's in their order.
func sorted(rows []result.Row) []result.Row {
	keys := valuesOf(rows, caseOf)
	slices.SortStableFunc(rows, func(a, b result.Row) int { return slices.Index(keys, caseOf(a)) - slices.Index(keys, caseOf(b)) })
	return rows
}

func caseOf(r result.Row) string { return r.Case + "\x00" + r.Unit }

func writeRows(b *strings.Builder, all, rows []result.Row) {
	calls := slices.ContainsFunc(rows, func(r result.Row) bool { return cell(all, r, "allocs") != "-" })
	b.WriteString("| case | who | median | from | to | unit | to floor | to gRPC |")
	if calls {
		b.WriteString(" CPU, µs | allocs |\n| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n")
	} else {
		b.WriteString("\n| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |\n")
	}
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |", r.Case, r.Variant, number(Median(r.Values)), number(slices.Min(r.Values)),
			number(slices.Max(r.Values)), r.Unit, ratio(all, r, contender.Bare), ratio(all, r, contender.GoPlugin))
		switch {
		case calls && slices.Contains(timed, r.Unit):
			fmt.Fprintf(b, " %s | %s |", cell(all, r, "µs of CPU"), cell(all, r, "allocs"))
		case calls:
			b.WriteString(" - | - |")
		}
		b.WriteByte('\n')
	}
}

// cell is the median of the row beside another one that has a unit; a dash if there is none.
func cell(all []result.Row, r result.Row, unit string) string {
	other, found := find(all, r.Group, r.Case, r.Variant, r.Placement, unit)
	if !found {
		return "-"
	}
	return number(Median(other.Values))
}

// valuesOf lists what rows have, each once, in the order in which it comes up.
func valuesOf(rows []result.Row, of func(result.Row) string) (out []string) {
	for _, r := range rows {
		if v := of(r); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
