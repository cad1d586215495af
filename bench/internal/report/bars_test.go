package report_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/bench/internal/report"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

func row(group, name, variant, placement, unit string, values ...float64) result.Row {
	return result.Row{Group: group, Case: name, Variant: variant, Placement: placement, Unit: unit, Values: values}
}

func TestMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 100, 2}, 3}} {
		if got := report.Median(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestMedianLeavesItsValuesInTheirOrder(t *testing.T) {
	values := []float64{3, 1, 2}
	report.Median(values)
	if values[0] != 3 || values[1] != 1 {
		t.Errorf("the values are %v now", values)
	}
}

// barOf is the bar whose text has a number in front.
func barOf(t *testing.T, number string, rows ...result.Row) report.Bar {
	t.Helper()
	for _, b := range report.Judge(rows) {
		if strings.HasPrefix(b.Bar, number+". ") {
			return b
		}
	}
	t.Fatalf("bar %s was not judged", number)
	return report.Bar{}
}

func TestABarIsARatioOfMediansWithinOnePlacement(t *testing.T) {
	b := barOf(t, "1",
		row("sequential call", "64 B", "bare socket", "one core", "µs", 10, 1000, 8),
		row("sequential call", "64 B", "bare socket", "free", "µs", 100),
		row("sequential call", "64 B", "hotplug msgpack", "one core", "µs", 12, 12, 1))
	if b.Value != 1.2 || b.Limit != 1.25 || !b.Met {
		t.Errorf("%+v, want 1.2 of 1.25, met", b)
	}
}

func TestABarThatIsALeastIsMissedBelowIt(t *testing.T) {
	for value, met := range map[float64]bool{9.9: false, 10: true, 11: true} {
		b := barOf(t, "3",
			row("throughput", "64 callers", "go-plugin gRPC", "free", "calls/s", 1000),
			row("throughput", "64 callers", "hotplug msgpack", "free", "calls/s", 1000*value))
		if b.Met != met {
			t.Errorf("%v: %+v, want met %v", value, b, met)
		}
	}
}

func TestTheSlowerDirectionOfAStreamCounts(t *testing.T) {
	rows := []result.Row{
		row("stream", "plugin to host", "bare socket", "free", "bytes/s", 4e9), row("stream", "plugin to host", "hotplug msgpack, borrowed", "free", "bytes/s", 3e9),
		row("stream", "host to plugin", "bare socket", "free", "bytes/s", 4e9), row("stream", "host to plugin", "hotplug msgpack, borrowed", "free", "bytes/s", 2e9),
	}
	if b := barOf(t, "8", rows...); b.Value != 0.5 || b.Met {
		t.Errorf("%+v, want 0.5, missed", b)
	}
	if bars := report.Judge(rows[:2]); len(bars) != 0 {
		t.Errorf("with one direction alone there are bars: %+v", bars)
	}
}

func TestOneFailedCallInOneRepetitionMissesTheBar(t *testing.T) {
	if b := barOf(t, "12", row("reload under load", "failed calls", "hotplug", "free", "calls", 0, 0, 1, 0, 0)); b.Met || b.Value != 1 {
		t.Errorf("%+v, want 1, missed", b)
	}
}

func TestWhatWasNotMeasuredIsNotJudged(t *testing.T) {
	if bars := report.Judge(nil); len(bars) != 0 {
		t.Errorf("bars of nothing: %+v", bars)
	}
	if bars := report.Judge([]result.Row{row("sequential call", "64 B", "hotplug msgpack", "one core", "µs", 1)}); len(bars) != 0 {
		t.Errorf("bars without a floor: %+v", bars)
	}
}

func TestAQuickRunFailsWhenACallAllocatesMoreThanItDidInEachPlacement(t *testing.T) {
	few := row("sequential call", "64 B", "hotplug msgpack", "free", "allocs", 1)
	many := row("sequential call", "64 B", "hotplug msgpack", "one core", "allocs", 1000)
	more := row("sequential call", "64 B", "hotplug msgpack", "free", "allocs", 2000)
	slow := row("sequential call", "64 B", "hotplug msgpack", "one core", "µs", 1e9)
	for _, rows := range [][]result.Row{nil, {slow}, {few, slow}, {few, many}} {
		if err := report.Held(rows); err != nil {
			t.Errorf("%v: %v", rows, err)
		}
	}
	if err := report.Held([]result.Row{many, more}); err == nil || !strings.Contains(err.Error(), "allocates 1000.0 times") {
		t.Errorf("a thousand allocations: %v", err)
	}
}
