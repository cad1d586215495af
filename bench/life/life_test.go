package life

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var quarter = pace{callers: 4, every: 4 * time.Millisecond}

func TestCallersKeepTheirPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := quarter.during(t.Context(), 40*time.Millisecond, func(context.Context) error { return nil })
		if took := time.Since(begin); s.calls != 40 || s.failed != 0 || s.stall != 0 || took >= 40*time.Millisecond {
			t.Errorf("%+v in %s; want 40 calls without a stall in less than 40 ms", s, took)
		}
	})
}

func TestACallerThatIsLateMakesUpForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		one := pace{callers: 1, every: time.Millisecond}
		s := one.during(t.Context(), 20*time.Millisecond, func(context.Context) error {
			if n++; n == 3 {
				time.Sleep(10 * time.Millisecond)
			}
			return nil
		})
		if s.calls != 20 || s.stall != 10*time.Millisecond {
			t.Errorf("%+v; want 20 calls and a stall of 10 ms", s)
		}
	})
}

func TestAStallGoesFromTheFirstFailureToTheNextAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, broken := time.Now(), errors.New("broken")
		one := pace{callers: 1, every: time.Millisecond}
		s := one.during(t.Context(), 20*time.Millisecond, func(context.Context) error {
			if at := time.Since(begin); at >= 5*time.Millisecond && at < 9*time.Millisecond {
				return broken
			}
			return nil
		})
		if s.failed != 4 || s.stall != 4*time.Millisecond || !errors.Is(s.err, broken) {
			t.Errorf("%+v; want 4 failures and a stall of 4 ms", s)
		}
	})
}

func TestAPluginThatStaysAwayIsAStallToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := pace{callers: 1, every: time.Millisecond}
		s := one.during(t.Context(), 20*time.Millisecond, func(context.Context) error { return errors.New("gone") })
		if s.failed != 20 || s.stall != 19*time.Millisecond {
			t.Errorf("%+v; want 20 failures and a stall of 19 ms", s)
		}
	})
}

func TestEveryVariantComesFirstInTurn(t *testing.T) {
	var firsts []int
	for turn := range 6 {
		order := slices.Collect(rotated(3, turn))
		firsts = append(firsts, order[0])
		if slices.Sort(order); !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("turn %d has %v", turn, order)
		}
	}
	if !slices.Equal(firsts, []int{0, 1, 2, 0, 1, 2}) {
		t.Errorf("first are %v", firsts)
	}
}

func TestATableKeepsGroupsTogetherAndWhatIsWanted(t *testing.T) {
	tab := newTable(Options{Only: regexp.MustCompile("^(launch|size)/.*/b")})
	for _, v := range []float64{1, 2} {
		tab.add("launch", "64 B", "bare", "ms", v)
		tab.add("size", "smallest", "bare", "MiB", v)
		tab.add("launch", "64 B", "brpc", "ms", -v)
		tab.add("launch", "64 B", "ttrpc", "ms", v)
	}
	var got []string
	for _, r := range tab.rows() {
		got = append(got, r.Group+" "+r.Variant)
		if len(r.Values) != 2 || r.Values[1] != 2*r.Values[0] {
			t.Errorf("%s of %s: %v", r.Group, r.Variant, r.Values)
		}
	}
	if !slices.Equal(got, []string{"launch bare", "launch brpc", "size bare"}) {
		t.Errorf("rows %v", got)
	}
}

func TestTheGrowthIsThatOfEachPluginMore(t *testing.T) {
	b := &bench{table: newTable(Options{})}
	for _, v := range []float64{10, 20} {
		b.add(memoryGroup, "1 plugin, RSS", "hotplug", "MiB", v)
		b.add(memoryGroup, "10 plugins, RSS", "hotplug", "MiB", v+18)
	}
	b.grown([]int{1, 10})
	if got := b.values(memoryGroup, growth, "hotplug"); !slices.Equal(got, []float64{2, 2}) {
		t.Errorf("growth %v", got)
	}
}

func TestMedianIsTheMiddleOrBetweenTheTwoInIt(t *testing.T) {
	if got := median([]time.Duration{9, 1, 5}); got != 5 {
		t.Errorf("of three: %d", got)
	}
	if got := median([]time.Duration{9, 1, 5, 7}); got != 6 {
		t.Errorf("of four: %d", got)
	}
}
