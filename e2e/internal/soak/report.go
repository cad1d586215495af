package main

import (
	"slices"
	"time"
)

// A report is the last line of a soak.
type report struct {
	Minutes float64 `json:"minutes"`

	Reloads        int64 `json:"reloads"` // to good versions
	Configurations int64 `json:"configurations"`
	Refused        int64 `json:"refused"`   // bad versions that never answered a call
	Rollbacks      int64 `json:"rollbacks"` // of those that crashed at their first call
	Kills          int64 `json:"kills"`
	Stops          int64 `json:"stops"`

	Calls   int `json:"calls"`
	Notices int `json:"notices"`

	Violations   int `json:"violations"` // calls that failed without a bad version or a kill, or not as delivered: perhaps; reloads that did not do what they should
	Explained    int `json:"explained"`  // calls that a bad version or a kill explains, each delivered: perhaps
	WrongAnswers int `json:"wrongAnswers"`
	RanTwice     int `json:"ranTwice"` // calls that may not
	Vanished     int `json:"vanished"` // calls that were answered and never ran
	Phantoms     int `json:"phantoms"` // calls that ran, and were said not to be delivered
	NoticesTwice int `json:"noticesTwice"`
	Disorder     int `json:"disorder"`

	NoticesLostByReloads int   `json:"noticesLostByReloads"`
	NoticesLostByKills   int   `json:"noticesLostByKills"` // by kills and crashes: those that the process had not handled
	StateLost            int64 `json:"stateLost"`          // adds that the plugin that keeps state does not know of

	Quiet latencies `json:"quiet"` // of the plugin that gets good versions only, before
	Busy  latencies `json:"busy"`  // and meanwhile

	Processes   int   `json:"processesLeft"`
	Descriptors int   `json:"descriptorsLeft"`
	Goroutines  int   `json:"goroutinesLeft"`
	Files       int   `json:"filesLeft"` // sockets included
	Growth      int64 `json:"heapGrowthBytes"`

	Examples []string `json:"examples,omitempty"`
	OK       bool     `json:"ok"`
}

// latencies are in microseconds.
type latencies struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"` // the longest stall
}

func latenciesOf(times []time.Duration) latencies {
	if len(times) == 0 {
		return latencies{}
	}
	slices.Sort(times)
	at := func(percent int) int64 { return times[(len(times)-1)*percent/100].Microseconds() }
	return latencies{at(50), at(99), at(100)}
}

// judged says whether nothing is wrong. That bad versions, kills and reloads took place is part of it: a soak in which nothing happened shows nothing.
func (r *report) judged() bool {
	zero := r.Violations + r.WrongAnswers + r.RanTwice + r.Vanished + r.Phantoms + r.NoticesTwice + r.Disorder + r.NoticesLostByReloads + r.Processes + r.Descriptors + r.Goroutines + r.Files
	return zero == 0 && r.StateLost == 0 && r.Reloads > 0 && r.Configurations > 0 && r.Refused > 0 && r.Rollbacks > 0 && r.Kills > 0 && r.Stops > 0
}
