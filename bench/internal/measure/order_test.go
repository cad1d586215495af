package measure_test

import (
	"slices"
	"testing"

	"github.com/go-hotplug/hotplug/bench/internal/measure"
)

func TestEachContenderIsFirstOnceInAsManyTurnsAsThereAreContenders(t *testing.T) {
	all := []string{"a", "b", "c"}
	for turn, want := range [][]string{{"a", "b", "c"}, {"b", "c", "a"}, {"c", "a", "b"}, {"a", "b", "c"}} {
		if got := measure.Rotated(all, turn); !slices.Equal(got, want) {
			t.Errorf("turn %d: %v, want %v", turn, got, want)
		}
	}
	if !slices.Equal(all, []string{"a", "b", "c"}) {
		t.Errorf("what was rotated is %v now", all)
	}
	if got := measure.Rotated([]string(nil), 3); len(got) != 0 {
		t.Errorf("nothing rotated is %v", got)
	}
}

func TestCasesAreNamedAsPeopleWriteThem(t *testing.T) {
	for n, want := range map[int]string{1: "1 caller", 64: "64 callers", 1024: "1,024 callers"} {
		if got := measure.Callers(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{64: "64 B", 1 << 10: "1 KiB", 64 << 10: "64 KiB", 1 << 20: "1 MiB"} {
		if got := measure.Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
