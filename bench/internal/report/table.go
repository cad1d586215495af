package report

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// Table writes all rows as text, each with its ratio to the floor and to go-plugin with gRPC.
func Table(w io.Writer, rows []result.Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tcase\twhere\twho\tmedian\tfrom\tto\tunit\tto floor\tto gRPC")
	for _, r := range rows {
		least, most := slices.Min(r.Values), slices.Max(r.Values)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Group, r.Case, r.Placement, r.Variant,
			number(Median(r.Values)), number(least), number(most), r.Unit, ratio(rows, r, contender.Bare), ratio(rows, r, contender.GoPlugin))
	}
	return t.Flush()
}

// ratio of a row's median to that of another variant in the same run; a dash if that was not measured.
func ratio(rows []result.Row, r result.Row, variant string) string {
	other, found := find(rows, r.Group, r.Case, variant, r.Placement, r.Unit)
	if below := Median(other.Values); !found || below == 0 || r.Unit == "allocs" && below < 1 { // nearly nothing is nothing to compare with
		return "-"
	}
	return fmt.Sprintf("%.2f", Median(r.Values)/Median(other.Values))
}

func find(rows []result.Row, group, name, variant, placement, unit string) (result.Row, bool) {
	for _, r := range rows {
		if r.Group == group && r.Case == name && r.Variant == variant && r.Placement == placement && r.Unit == unit {
			return r, true
		}
	}
	return result.Row{}, false
}

// number is three digits or so, and for large ones k, M or G behind it.
func number(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.2f G", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.2f M", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.1f k", v/1e3)
	case v >= 100 || v == 0:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Median of values: of an even number of them the mean of the two in the middle. Of none it is 0.
func Median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
