package main

import "testing"

// ledgerOf is a ledger of these fates, with the numbers from 1 on.
func ledgerOf(fates ...fate) *ledger {
	l := &ledger{}
	for n, f := range fates {
		l.note(uint64(n+1), f)
	}
	return l
}

var (
	answered = fateOf(answeredAdd, 0)
	lost     = fateOf(perhapsAdd, 0)
	sent     = fateOf(sentTell, 0)
	sentBy1  = fateOf(sentTell, 1)
)

func TestAnAuditFindsWhatRanTwiceOrNotAtAllOrOutOfOrder(t *testing.T) {
	both := map[int]bool{0: true, 1: true}
	for name, c := range map[string]struct {
		ledger    *ledger
		processes []record
		linear    bool
		want      finding
	}{
		"nothing":                         {ledger: ledgerOf()},
		"all is well":                     {ledgerOf(answered, sent, sentBy1, sent), []record{{adds: []uint64{1}, tells: []uint64{2, 4, 3}}}, true, finding{count: 1}},
		"twice in one":                    {ledgerOf(answered), []record{{adds: []uint64{1, 1}}}, true, finding{twice: 1, count: 2}},
		"twice in two":                    {ledgerOf(lost), []record{{adds: []uint64{1}}, {adds: []uint64{1}}}, true, finding{twice: 1, count: 2}},
		"lost, and not run":               {ledgerOf(lost), nil, true, finding{}},
		"lost, and run":                   {ledgerOf(lost), []record{{adds: []uint64{1}}}, true, finding{count: 1}},
		"answered, not run":               {ledgerOf(answered), nil, true, finding{vanished: 1}},
		"said not delivered":              {ledgerOf(0, 0), []record{{adds: []uint64{1}, tells: []uint64{2}}}, true, finding{phantom: 1, noticesPhantom: 1, count: 1}},
		"beyond all numbers":              {ledgerOf(), []record{{adds: []uint64{1 << 40}, tells: []uint64{1 << 40}}}, true, finding{phantom: 1, noticesPhantom: 1, count: 1}},
		"notice twice":                    {ledgerOf(sent), []record{{tells: []uint64{1}}, {tells: []uint64{1}}}, true, finding{noticesTwice: 1}},
		"out of order":                    {ledgerOf(sent, sent), []record{{tells: []uint64{2, 1}}}, true, finding{disorder: 1}},
		"lost at the end":                 {ledgerOf(sent, sent, sent), []record{{tells: []uint64{1}}, {tells: []uint64{3}}}, true, finding{noticesLost: 1}},
		"lost in the middle":              {ledgerOf(sent, sent, sent), []record{{tells: []uint64{1, 3}}}, true, finding{noticesLost: 1, gaps: 1}},
		"lost between a rollback":         {ledgerOf(sent, sent, sent), []record{{tells: []uint64{1, 3}}}, false, finding{noticesLost: 1}},
		"known to a version that crashed": {ledgerOf(answered, answered), []record{{adds: []uint64{1}}, {mode: crashesLater, adds: []uint64{2}}}, false, finding{count: 1}},
	} {
		if got := c.ledger.audit(c.processes, both, c.linear); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAnAuditIsOfTheCallersOfOnePlugin(t *testing.T) {
	l := ledgerOf(answered, sent, sentBy1)
	if got := l.audit(nil, map[int]bool{1: true}, true); got != (finding{noticesLost: 1}) {
		t.Errorf("%+v", got)
	}
}

func TestAHostCountsWhatWasLostAndOneNoticeMoreForAProcessThatDiedAtMost(t *testing.T) {
	for counted, want := range map[int]bool{2: false, 3: true, 4: true, 5: true, 6: false} {
		f := finding{noticesLost: 3}
		if got := f.tallies(counted, 2); got != want {
			t.Errorf("3 lost, 2 died, %d counted: %t", counted, got)
		}
	}
}
