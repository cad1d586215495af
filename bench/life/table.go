package life

import (
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// A table collects values, row by row.
type table struct {
	options Options
	all     []*result.Row
}

func newTable(o Options) *table { return &table{options: o} }

// add appends a value to its row, which is made if there is none, or not wanted.
func (t *table) add(group, shape, variant, unit string, value float64) {
	if !t.options.wants(group + "/" + shape + "/" + variant) {
		return
	}
	i := slices.IndexFunc(t.all, func(r *result.Row) bool {
		return r.Group == group && r.Case == shape && r.Variant == variant && r.Unit == unit
	})
	if i < 0 {
		i = len(t.all)
		t.all = append(t.all, &result.Row{Group: group, Case: shape, Variant: variant, Placement: "free", Unit: unit})
	}
	t.all[i].Values = append(t.all[i].Values, value)
}

// values are those of a row so far.
func (t *table) values(group, shape, variant string) []float64 {
	for _, r := range t.all {
		if r.Group == group && r.Case == shape && r.Variant == variant {
			return r.Values
		}
	}
	return nil
}

// rows are all rows, those of a group together, else as they came up.
func (t *table) rows() (out []result.Row) {
	var groups []string
	for _, r := range t.all {
		if slices.Contains(groups, r.Group) {
			continue
		}
		groups = append(groups, r.Group)
		for _, other := range t.all {
			if other.Group == r.Group {
				out = append(out, *other)
			}
		}
	}
	return out
}

// median sorts its argument.
func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
