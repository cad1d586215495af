//go:build linux

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
)

// A report is the last line.
type report struct {
	Seconds    int            `json:"seconds"`
	Seed       uint64         `json:"seed"`
	Race       bool           `json:"race"` // the host was built with the race detector
	Faults     int            `json:"faults"`
	ByKind     map[string]int `json:"faultsByKind"`
	Rows       int            `json:"rowsOfTheProtocol"` // of docs/reliability.md, each at least once
	Calls      int            `json:"calls"`
	Failed     int            `json:"failed"`     // with an error that a fault explains
	Timeouts   int            `json:"timeouts"`   // of these
	Wrong      int            `json:"wrong"`      // answers, errors and states that must not be
	Unanswered int            `json:"unanswered"` // calls that outlived their deadline
	HostDeaths int            `json:"hostDeaths"`

	Processes   int `json:"processesLeft"`
	Descriptors int `json:"descriptorsLeft"`
	Goroutines  int `json:"goroutinesLeft"`
	Sockets     int `json:"socketsLeft"`
	Files       int `json:"filesLeft"`

	PeakMiB  int64    `json:"peakMiB"` // of the host's resident memory
	MostMiB  int64    `json:"mostMiB"` // that it may be
	Examples []string `json:"examples,omitempty"`
	OK       bool     `json:"ok"`
}

// mostMiB is the bound of docs/reliability.md for each of four connections, and as much again for copies in the race detector's shadow, which is four
// times the memory.
const mostMiB = 4 * 65 * 5

// enough is how many faults a minute has at least besides broken rules, or little was shown.
const enough = 30

func (t *torture) report(took time.Duration, before leftovers.Footprint) *report {
	r := &report{
		Seconds: int(took.Seconds()), Seed: t.seed, Race: raced, ByKind: t.kinds, Rows: len(t.played),
		Calls: t.calls, Failed: t.failed, Timeouts: t.timeouts, Unanswered: t.unanswered, PeakMiB: peakMiB(), MostMiB: mostMiB,
	}
	for _, n := range t.kinds {
		r.Faults += n
	}
	r.Descriptors, r.Goroutines = before.Grown(func() bool { return len(t.processes()) == 0 })
	r.Processes = len(t.processes())
	for _, s := range []*site{&t.site, &t.heirs.site, {dir: filepath.Join(t.dir, lockedDir)}} {
		sockets, files := leftovers.FilesIn(s.runtime())
		r.Sockets, r.Files = r.Sockets+sockets, r.Files+files
	}
	for _, kind := range t.missing() {
		t.isWrong("never injected: %s", kind)
	}
	if n := r.Faults - t.kinds[ruleBroken]; float64(n) < enough*took.Minutes() {
		t.isWrong("%d faults besides broken rules in %s are too few", n, took)
	}
	r.Wrong, r.Examples = t.wrong, t.examples
	r.OK = r.Wrong+r.Unanswered+r.Processes+r.Descriptors+r.Goroutines+r.Sockets+r.Files == 0 && r.PeakMiB <= r.MostMiB
	return r
}

// processes are those of this run, whosever children they are by now.
func (t *torture) processes() []int {
	left := append(leftovers.Children(), leftovers.Running(recordsEnv, t.dir)...)
	slices.Sort(left)
	return slices.Compact(left)
}

// missing are the faults that never came up.
func (t *torture) missing() (kinds []string) {
	for _, i := range injections {
		kinds = append(kinds, i.kind)
	}
	kinds = append(kinds, ruleBroken)
	for what := range maps.Keys(misdeeds) {
		kinds = append(kinds, "a plugin "+what)
	}
	slices.Sort(kinds)
	return slices.DeleteFunc(slices.Compact(kinds), func(k string) bool { return t.kinds[k] > 0 })
}

// peakMiB is the most that this process had in memory.
func peakMiB() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib >> 10
		}
	}
	fmt.Fprintln(os.Stderr, "torture: the system does not tell the peak of its memory")
	return 0
}
