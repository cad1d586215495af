package main

// A report is the last line of a soak.
type report struct {
	Minutes float64 `json:"minutes"`

	Reloads        int64 `json:"reloads"` // to good versions
	Configurations int64 `json:"configurations"`
	Refused        int64 `json:"refused"`   // bad versions that never answered a call
	Rollbacks      int64 `json:"rollbacks"` // of bad versions that broke on their probation
	Kills          int64 `json:"kills"`
	Stops          int64 `json:"stops"`

	Calls   int `json:"calls"`
	Notices int `json:"notices"`

	Violations          int `json:"violations"`          // calls that failed without a bad version or a signal, or not as delivered: perhaps; whatever else did not do what it should
	FailedByBadVersions int `json:"failedByBadVersions"` // calls, each delivered: perhaps
	FailedBySignals     int `json:"failedBySignals"`     // the same
	WrongAnswers        int `json:"wrongAnswers"`
	RanTwice            int `json:"ranTwice"` // calls that may not
	Vanished            int `json:"vanished"` // calls that were answered and never ran
	Phantoms            int `json:"phantoms"` // calls and notices that ran, and were said not to be delivered
	NoticesTwice        int `json:"noticesTwice"`
	Disorder            int `json:"disorder"` // notices that were handled in another order, or lost in front of others that were not

	NoticesLostByReloads  int   `json:"noticesLostByReloads"`
	NoticesLostByDeaths   int   `json:"noticesLostByDeaths"`   // by kills and crashes
	NoticesUnacknowledged int   `json:"noticesUnacknowledged"` // those that the host counted then: at least as many
	StateLost             int64 `json:"stateLost"`             // adds that ran and that the plugins which keep state do not know of, otherwise than by reload.rollback

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

// reloadsPerMinute are the least that make a soak.
const reloadsPerMinute = 50

// judged says whether nothing is wrong. That bad versions, kills and reloads took place is part of it: a soak in which nothing happened shows nothing.
func (r *report) judged() bool {
	zero := r.Violations + r.WrongAnswers + r.RanTwice + r.Vanished + r.Phantoms + r.NoticesTwice + r.Disorder + r.NoticesLostByReloads + r.Processes + r.Descriptors + r.Goroutines + r.Files
	return zero == 0 && r.StateLost == 0 && float64(r.Reloads) >= reloadsPerMinute*r.Minutes && r.Configurations > 0 && r.Refused > 0 && r.Rollbacks > 0 && r.Kills > 0 && r.Stops > 0
}
