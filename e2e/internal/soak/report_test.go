package main

import (
	"testing"
	"time"
)

func TestASoakInWhichSomethingIsWrongOrNothingHappenedIsNotOK(t *testing.T) {
	whole := func() report {
		return report{Minutes: 1, Reloads: reloadsPerMinute, Configurations: 1, Refused: 1, Rollbacks: 1, Kills: 1, Stops: 1, FailedByBadVersions: 7, FailedBySignals: 7,
			NoticesLostByDeaths: 3, NoticesUnacknowledged: 4, NoticesHandledLast: 1, Calls: 1, Notices: 1, Quiet: latencies{Max: 1}, Busy: latencies{Max: 2}, Growth: mostGrowth}
	}
	if r := whole(); !r.judged() {
		t.Errorf("%+v", r)
	}
	for name, spoil := range map[string]func(*report){
		"a violation": func(r *report) { r.Violations = 1 }, "a wrong answer": func(r *report) { r.WrongAnswers = 1 }, "ran twice": func(r *report) { r.RanTwice = 1 },
		"vanished": func(r *report) { r.Vanished = 1 }, "phantom": func(r *report) { r.Phantoms = 1 }, "notice twice": func(r *report) { r.NoticesTwice = 1 },
		"disorder": func(r *report) { r.Disorder = 1 }, "notice lost": func(r *report) { r.NoticesLostByReloads = 1 }, "state lost": func(r *report) { r.StateLost = -1 },
		"process": func(r *report) { r.Processes = 1 }, "descriptor": func(r *report) { r.Descriptors = 1 }, "goroutine": func(r *report) { r.Goroutines = 1 }, "file": func(r *report) { r.Files = 1 },
		"few reloads": func(r *report) { r.Reloads-- }, "no configuration": func(r *report) { r.Configurations = 0 }, "no refusal": func(r *report) { r.Refused = 0 },
		"failed in a reload": func(r *report) { r.FailedByGoodReloads = 1 }, "failed wrongly": func(r *report) { r.FailedWrongly = 1 }, "socket": func(r *report) { r.Sockets = 1 },
		"lost notice not counted": func(r *report) { r.NoticesLostByDeaths++ }, "fewer counted than lost": func(r *report) { r.NoticesUnacknowledged, r.NoticesHandledLast = 2, -1 },
		"growth": func(r *report) { r.Growth++ }, "stall": func(r *report) { r.Busy.Max = 2 + longestStall.Microseconds() },
		"no quiet": func(r *report) { r.Quiet.Max = 0 }, "no call": func(r *report) { r.Calls = 0 }, "no notice": func(r *report) { r.Notices = 0 },
		"no rollback": func(r *report) { r.Rollbacks = 0 }, "no kill": func(r *report) { r.Kills = 0 }, "no stop": func(r *report) { r.Stops = 0 },
	} {
		r := whole()
		if spoil(&r); r.judged() {
			t.Errorf("%s: ok", name)
		}
	}
}

func TestHostsThatWereKilledAreOKOnlyIfAllWereAndNothingIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		s    successions
		want bool
	}{
		"all is well": {successions{Hosts: hosts}, true}, "too few": {successions{Hosts: hosts - 1}, false}, "count": {successions{Hosts: hosts, CountsLost: 1}, false},
		"stranger": {successions{Hosts: hosts, Strangers: 1}, false}, "orphan": {successions{Hosts: hosts, Orphans: 1}, false}, "left": {successions{Hosts: hosts, Left: 1}, false},
	} {
		if got := c.s.judged(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAHistogramTellsDurationsWithinThreePercent(t *testing.T) {
	h := &histogram{}
	for us := range 10_000 {
		h.add(time.Duration(us) * time.Microsecond)
	}
	h.add(time.Second)
	for percent, want := range map[int64]int64{0: 0, 50: 5000, 99: 9900, 100: 1_000_000} {
		if got := h.at(percent); got > want || got < want*97/100 {
			t.Errorf("%d%%: %d us, want %d", percent, got, want)
		}
	}
	if got := h.latencies(); got.Max != 1_000_000 {
		t.Errorf("%+v", got)
	}
	if got := (&histogram{}).latencies(); got != (latencies{}) {
		t.Errorf("nothing: %+v", got)
	}
}
