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

	Violations          int `json:"violations"`          // whatever did not do what it should and is not counted below
	FailedByGoodReloads int `json:"failedByGoodReloads"` // calls that failed though neither a bad version nor a signal met them
	FailedByBadVersions int `json:"failedByBadVersions"` // calls, each delivered: perhaps
	FailedBySignals     int `json:"failedBySignals"`     // the same
	FailedWrongly       int `json:"failedWrongly"`       // calls that one of these met, and that were not said to be delivered, perhaps, or should have been repeated
	WrongAnswers        int `json:"wrongAnswers"`
	RanTwice            int `json:"ranTwice"` // calls that may not
	Vanished            int `json:"vanished"` // calls that were answered and never ran
	Phantoms            int `json:"phantoms"` // calls and notices that ran, and were said not to be delivered
	NoticesTwice        int `json:"noticesTwice"`
	Disorder            int `json:"disorder"` // notices that were handled in another order, or lost in front of others that were not

	NoticesLostByReloads  int   `json:"noticesLostByReloads"`
	NoticesLostByDeaths   int   `json:"noticesLostByDeaths"`   // by kills and crashes
	NoticesUnacknowledged int   `json:"noticesUnacknowledged"` // those that the host counted then: as many, and
	NoticesHandledLast    int   `json:"noticesHandledLast"`    // those besides that a process had handled and did not live to acknowledge
	StateLost             int64 `json:"stateLost"`             // adds that ran and that the plugins which keep state do not know of, otherwise than by reload.rollback

	Quiet latencies `json:"quiet"` // of the plugin that gets good versions only, before
	Busy  latencies `json:"busy"`  // and meanwhile

	Processes   int   `json:"processesLeft"`
	Descriptors int   `json:"descriptorsLeft"`
	Goroutines  int   `json:"goroutinesLeft"`
	Sockets     int   `json:"socketsLeft"`
	Files       int   `json:"filesLeft"`
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

// longestStall is how much longer than in the quiet window a call may take: far more than anything that happens to a plugin does.
const longestStall = stuck

// mostGrowth of the host's heap is taken for none.
const mostGrowth = 16 << 20

// judged says whether nothing is wrong. That bad versions, kills and reloads took place is part of it: a soak in which nothing happened shows nothing.
func (r *report) judged() bool {
	calls := r.Violations + r.FailedByGoodReloads + r.FailedWrongly + r.WrongAnswers + r.RanTwice + r.Vanished + r.Phantoms
	notices := r.NoticesTwice + r.Disorder + r.NoticesLostByReloads
	left := r.Processes + r.Descriptors + r.Goroutines + r.Sockets + r.Files
	exact := r.NoticesUnacknowledged == r.NoticesLostByDeaths+r.NoticesHandledLast && r.NoticesHandledLast >= 0
	return calls+notices+left == 0 && exact && r.StateLost == 0 && r.Growth <= mostGrowth && r.stalls() == 0 && r.happened()
}

// stalls are how many microseconds a call took too long.
func (r *report) stalls() int64 {
	return max(0, r.Busy.Max-r.Quiet.Max-longestStall.Microseconds())
}

// happened reports whether all did happen that a soak is for.
func (r *report) happened() bool {
	reloaded := float64(r.Reloads) >= reloadsPerMinute*r.Minutes && r.Configurations > 0
	broken := r.Refused > 0 && r.Rollbacks > 0 && r.Kills > 0 && r.Stops > 0
	return reloaded && broken && r.Calls > 0 && r.Notices > 0 && r.Quiet.Max > 0 && r.Busy.Max > 0
}
