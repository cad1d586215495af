//go:build linux

package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// recordsOf is a folder of what two processes have written down.
func recordsOf(t *testing.T, processes ...[]uint64) string {
	t.Helper()
	dir := t.TempDir()
	for n, ids := range processes {
		var text []byte
		for _, id := range ids {
			text = binary.BigEndian.AppendUint64(text, id)
		}
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+n))), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnAuditFindsWhatRanTwiceOrNotAtAllOrUnsaid(t *testing.T) {
	for name, c := range map[string]struct {
		fates map[uint64]fate
		ran   [][]uint64
		want  string // of the only thing that is wrong; empty: nothing is
	}{
		"nothing":                   {nil, nil, ""},
		"all is well":               {map[uint64]fate{1: answered, 2: perhaps, 3: perhaps, 4: notSent}, [][]uint64{{1}, {2}}, ""},
		"twice in two processes":    {map[uint64]fate{1: perhaps}, [][]uint64{{1}, {1}}, "ran 2 times"},
		"answered and never ran":    {map[uint64]fate{1: answered}, nil, "was answered and never ran"},
		"ran, and was not sent":     {map[uint64]fate{1: notSent}, [][]uint64{{1}}, "was told that it was not sent"},
		"ran, and nobody's message": {nil, [][]uint64{{7}}, "nobody sent it"},
	} {
		k := newChecker()
		k.fates = c.fates
		if err := k.audit(recordsOf(t, c.ran...)); err != nil {
			t.Fatal(err)
		}
		if (c.want == "") != (k.wrong == 0) || k.wrong > 1 || k.wrong == 1 && !strings.Contains(k.examples[0], c.want) {
			t.Errorf("%s: %q, want %q", name, k.examples, c.want)
		}
	}
}

func TestAVisitThatWasAnsweredToldTheHostOnce(t *testing.T) {
	k := newChecker()
	k.visits = map[uint64]fate{1: answered, 2: answered}
	_ = k.told(t.Context(), job{ID: 1})
	if err := k.audit(t.TempDir()); err != nil || k.wrong != 1 || k.examples[0] != "visit 2 was answered and never ran" {
		t.Errorf("%v, %q", err, k.examples)
	}
}

func TestOnlyOfCalmIsASentNoticeNeverLostAndNoErrorAllowed(t *testing.T) {
	if lossy(calm, answered) != answered || lossy(victim, answered) != perhaps || lossy(victim, notSent) != notSent {
		t.Error("a notice that was sent may be lost with its process, but not of calm")
	}
	for plugin, want := range map[string]int{calm: 1, victim: 0} {
		k := newChecker()
		k.ended(plugin, &rpc.Error{Code: rpc.Unavailable}, time.Second)
		if k.wrong != want {
			t.Errorf("%s: %d are wrong, want %d", plugin, k.wrong, want)
		}
	}
}

func TestACallCountsAsUnansweredBehindItsDeadlineAndAMargin(t *testing.T) {
	k := newChecker()
	k.ended(victim, nil, patience+margin)
	k.ended(victim, nil, patience+margin+1)
	if k.unanswered != 1 {
		t.Errorf("%d", k.unanswered)
	}
}
