package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/measure"
	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// A Bar is what hotplug is to reach: a ratio within one run, so that the machine matters little.
type Bar struct {
	Bar   string  `json:"bar"`
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
	Met   bool    `json:"met"`
}

// A goal is a bar before the run.
type goal struct {
	bar   string
	limit float64
	least bool // the limit is the least that the value may be; else the most
	value func(rows) (float64, bool)
}

// rows are those of a run.
type rows []result.Row

// The groups, cases and variants of package life.
const (
	lifePlugin   = "hotplug"
	launchGroup  = "launch to first reply"
	restGroup    = "memory at rest"
	sizeGroup    = "stripped binary"
	reloadGroup  = "reload under load"
	startGroup   = "host start per plugin"
	startVariant = "hotplug, warm store"
)

// goals are all bars, in their order. Each takes medians.
var goals = []goal{
	{"sequential call of 64 B, one core, time against a bare socket", 1.25, false,
		against(measure.Sequential, measure.Bytes(64), place.OneCore, "µs", contender.Hotplug, contender.Bare)},
	{"sequential call of 64 B, one core each, time against a bare socket", 1.10, false,
		against(measure.Sequential, measure.Bytes(64), place.OneCoreEach, "µs", contender.Hotplug, contender.Bare)},
	{"64 callers, free, calls/s against go-plugin gRPC", 10, true,
		against(measure.Throughput, measure.Callers(64), place.Free, "calls/s", contender.Hotplug, contender.GoPlugin)},
	{"1,024 callers, free, calls/s against go-plugin gRPC", 15, true,
		against(measure.Throughput, measure.Callers(1024), place.Free, "calls/s", contender.Hotplug, contender.GoPlugin)},
	{"64 callers, free, CPU time of a call against go-plugin gRPC", 0.12, false,
		against(measure.Throughput, measure.Callers(64), place.Free, "µs of CPU", contender.Hotplug, contender.GoPlugin)},
	{"sequential call of 64 B, one core, allocations in the host", 3, false,
		median(measure.Sequential, measure.Bytes(64), place.OneCore, "allocs", contender.Hotplug)},
	{"sequential call of 1 MiB, borrowed, free, time against a bare socket", 1.5, false,
		against(measure.Sequential, measure.Bytes(1<<20), place.Free, "µs", contender.HotplugLent, contender.Bare)},
	{"stream of 1 GiB in chunks of 64 KiB, borrowed, free, the slower direction, bytes/s against a bare socket", 0.60, true, smaller(
		against(measure.Streams, measure.Down, place.Free, "bytes/s", contender.HotplugLent, contender.Bare),
		against(measure.Streams, measure.Up, place.Free, "bytes/s", contender.HotplugLent, contender.Bare))},

	{"launch to first authenticated reply, time against the first reply of a bare socket's server", 1.3, false,
		against(launchGroup, "64 B", place.Free, "ms", lifePlugin, contender.Bare)},
	{"resident memory of a plugin at rest against go-plugin gRPC", 0.5, false,
		against(restGroup, "plugin, RSS", place.Free, "MiB", lifePlugin, contender.GoPlugin)},
	{"stripped binary of the smallest plugin against go-plugin gRPC", 0.35, false,
		against(sizeGroup, "smallest plugin", place.Free, "MiB", lifePlugin, contender.GoPlugin)},
	{"reload under 8 callers at 400 calls/s, failed calls", 0, false, most(reloadGroup, "failed calls", place.Free, "calls", lifePlugin)},
	{"reload under 8 callers at 400 calls/s, longest stall against that of a quiet time", 3, false,
		median(reloadGroup, "longest stall against quiet", place.Free, "ratio", lifePlugin)},
	{"host start with 100 plugins, time for each plugin against 1 plugin", 1.0, false, growth("100 plugins", "1 plugin")},
}

// Judge holds a run against each bar whose rows were measured.
func Judge(all []result.Row) (bars []Bar) {
	for i, g := range goals {
		v, measured := g.value(all)
		if !measured {
			continue
		}
		v = math.Round(v*100) / 100 // as it is printed
		word, met := "at most", v <= g.limit
		if g.least {
			word, met = "at least", v >= g.limit
		}
		bars = append(bars, Bar{fmt.Sprintf("%d. %s: %s %v", i+1, g.bar, word, g.limit), v, g.limit, met})
	}
	return bars
}

func median(group, name string, p place.Placement, unit, who string) func(rows) (float64, bool) {
	return func(all rows) (float64, bool) {
		r, found := find(all, group, name, who, string(p), unit)
		return Median(r.Values), found
	}
}

// most is the worst of all repetitions.
func most(group, name string, p place.Placement, unit, who string) func(rows) (float64, bool) {
	return func(all rows) (float64, bool) {
		r, found := find(all, group, name, who, string(p), unit)
		if !found || len(r.Values) == 0 {
			return 0, false
		}
		return slices.Max(r.Values), true
	}
}

// against is the ratio of a variant to another one.
func against(group, name string, p place.Placement, unit, who, other string) func(rows) (float64, bool) {
	return quotient(median(group, name, p, unit, who), median(group, name, p, unit, other))
}

// growth is the ratio of a case of the host's start to another one.
func growth(name, other string) func(rows) (float64, bool) {
	return quotient(median(startGroup, name, place.Free, "ms", startVariant), median(startGroup, other, place.Free, "ms", startVariant))
}

func quotient(above, below func(rows) (float64, bool)) func(rows) (float64, bool) {
	return func(all rows) (float64, bool) {
		a, found := above(all)
		b, found2 := below(all)
		if !found || !found2 || b == 0 {
			return 0, false
		}
		return a / b, true
	}
}

// smaller is the smaller of two values.
func smaller(one, two func(rows) (float64, bool)) func(rows) (float64, bool) {
	return func(all rows) (float64, bool) {
		a, found := one(all)
		b, found2 := two(all)
		return min(a, b), found && found2
	}
}
