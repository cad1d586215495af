//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
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
	Wrong      int            `json:"wrong"`      // answers, errors and states that must not be
	Unanswered int            `json:"unanswered"` // calls that outlived their deadline
	HostDeaths int            `json:"hostDeaths"`

	Processes   int `json:"processesLeft"`
	Descriptors int `json:"descriptorsLeft"`
	Goroutines  int `json:"goroutinesLeft"`
	Files       int `json:"filesLeft"`

	PeakMiB  int64    `json:"peakMiB"` // of the host's resident memory
	MostMiB  int64    `json:"mostMiB"` // that it may be
	Examples []string `json:"examples,omitempty"`
	OK       bool     `json:"ok"`
}

// mostMiB is the bound of docs/reliability.md for each of four connections, and as much again for copies in the race detector's shadow, which is four
// times the memory.
const mostMiB = 4 * 65 * 5

// enough is how many faults a minute has at least, or nothing was shown.
const enough = 60

func (t *torture) report(took time.Duration, before footprint) *report {
	r := &report{
		Seconds: int(took.Seconds()), Seed: t.seed, Race: raced, ByKind: t.kinds, Rows: len(t.played),
		Calls: t.calls, Failed: t.failed, Unanswered: t.unanswered, PeakMiB: peakMiB(), MostMiB: mostMiB,
	}
	for _, n := range t.kinds {
		r.Faults += n
	}
	now := t.settled(before)
	r.Processes, r.Descriptors, r.Goroutines = len(running(t.records())), max(0, now.descriptors-before.descriptors), max(0, now.goroutines-before.goroutines)
	_ = filepath.WalkDir(t.runtime(), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != t.runtime() {
			r.Files++
		}
		return nil
	})
	for _, kind := range t.missing() {
		t.isWrong("never injected: %s", kind)
	}
	if float64(r.Faults) < enough*took.Minutes() {
		t.isWrong("%d faults in %s are too few", r.Faults, took)
	}
	r.Wrong, r.Examples = t.wrong, t.examples
	r.OK = r.Wrong+r.Unanswered+r.Processes+r.Descriptors+r.Goroutines+r.Files == 0 && r.PeakMiB <= r.MostMiB
	return r
}

// missing are the faults that never came up.
func (t *torture) missing() (kinds []string) {
	for _, i := range injections {
		kinds = append(kinds, i.kind)
	}
	for what := range maps.Keys(misdeeds) {
		kinds = append(kinds, "a plugin "+what)
	}
	slices.Sort(kinds)
	return slices.DeleteFunc(slices.Compact(kinds), func(k string) bool { return t.kinds[k] > 0 })
}

// A footprint is what a process takes.
type footprint struct{ descriptors, goroutines int }

func footprintNow() footprint {
	open, _ := os.ReadDir("/proc/self/fd")
	return footprint{len(open), runtime.NumGoroutine()}
}

// settled is the footprint once what has been told to end had a moment for that.
func (t *torture) settled(before footprint) footprint {
	for range 250 {
		now := footprintNow()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && len(running(t.records())) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return footprintNow()
}

// running are the processes whose environment says that they belong to this run, whosever children they are by now.
func running(records string) (left []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if strings.Contains("\x00"+string(text), "\x00"+recordsEnv+"="+records+"\x00") {
			left = append(left, filepath.Base(filepath.Dir(file)))
		}
	}
	return left
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
