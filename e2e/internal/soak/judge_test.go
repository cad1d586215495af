package main

import (
	"context"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
)

func TestAFailureIsExplainedOnlyWhereSomethingBadWasDoneAndItSaysPerhaps(t *testing.T) {
	perhaps := &rpc.Error{Code: rpc.Unavailable, Message: "the peer closed the connection"}
	for name, c := range map[string]struct {
		plugin string
		err    error
		want   verdict
	}{
		"an answer":                        {good, nil, fine},
		"lost in a kill":                   {killed, perhaps, explained},
		"lost in a bad version":            {bad, perhaps, explained},
		"lost where all versions are good": {good, perhaps, violation},
		"lost where state is kept":         {keeper, perhaps, violation},
		"not delivered, and not retried":   {killed, rpc.NotSent(rpc.Unavailable, "no"), violation},
		"late":                             {killed, context.DeadlineExceeded, violation},
		"another code":                     {bad, rpc.Errorf(rpc.Internal, "no"), violation},
	} {
		if got, why := judge(c.plugin, c.err); got != c.want || (got == violation) != (why != "") {
			t.Errorf("%s: %s (%s), want %s", name, got, why, c.want)
		}
	}
}

func TestAnAuditFindsWhatRanTwiceOrNotAtAllOrOutOfOrder(t *testing.T) {
	l := newLedger()
	for id, answered := range map[uint64]bool{1: true, 2: true, 3: false, 4: false, 5: true} {
		l.added[id] = answered
	}
	for id := range uint64(6) {
		l.callers[10+id] = int(id % 2)
		l.told = append(l.told, 10+id)
	}
	adds := []uint64{1, 2, 2, 3, 6}                 // 2 twice, 4 not, as it may; 5 not, though it was answered; 6, of which nobody knows
	tells := [][]uint64{{10, 11, 14, 12}, {13, 13}} // 12 behind 14 of the same caller, 15 not, 13 twice
	want := finding{twice: 1, lost: 1, phantom: 1, noticesLost: 1, noticesTwice: 1, disorder: 1}
	if got := l.audit(adds, tells); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := newLedger().audit(nil, nil); got != (finding{}) {
		t.Errorf("nothing: %+v", got)
	}
}

func TestASoakInWhichSomethingIsWrongOrNothingHappenedIsNotOK(t *testing.T) {
	whole := func() report {
		return report{Reloads: 1, Configurations: 1, Refused: 1, Rollbacks: 1, Kills: 1, Stops: 1, Explained: 7, NoticesLostByKills: 3}
	}
	if r := whole(); !r.judged() {
		t.Errorf("%+v", r)
	}
	for name, spoil := range map[string]func(*report){
		"a violation": func(r *report) { r.Violations = 1 }, "a wrong answer": func(r *report) { r.WrongAnswers = 1 }, "ran twice": func(r *report) { r.RanTwice = 1 },
		"vanished": func(r *report) { r.Vanished = 1 }, "phantom": func(r *report) { r.Phantoms = 1 }, "notice twice": func(r *report) { r.NoticesTwice = 1 },
		"disorder": func(r *report) { r.Disorder = 1 }, "notice lost": func(r *report) { r.NoticesLostByReloads = 1 }, "state lost": func(r *report) { r.StateLost = -1 },
		"process": func(r *report) { r.Processes = 1 }, "descriptor": func(r *report) { r.Descriptors = 1 }, "goroutine": func(r *report) { r.Goroutines = 1 }, "file": func(r *report) { r.Files = 1 },
		"no reload": func(r *report) { r.Reloads = 0 }, "no configuration": func(r *report) { r.Configurations = 0 }, "no refusal": func(r *report) { r.Refused = 0 },
		"no rollback": func(r *report) { r.Rollbacks = 0 }, "no kill": func(r *report) { r.Kills = 0 }, "no stop": func(r *report) { r.Stops = 0 },
	} {
		r := whole()
		if spoil(&r); r.judged() {
			t.Errorf("%s: ok", name)
		}
	}
}
