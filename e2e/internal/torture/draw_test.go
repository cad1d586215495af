//go:build linux

package main

import (
	"slices"
	"testing"
)

// drawn are so many faults of a seed. Each draws a few numbers more, as what it finds lets it.
func drawn(seed uint64, more int) (kinds []string, numbers []uint64) {
	t := &torture{seed: seed}
	for range 3 * (len(injections) + len(misdeeds)) {
		kind, _ := t.draw()
		kinds, numbers = append(kinds, kind), append(numbers, t.dice.Uint64())
		for range more {
			t.dice.Uint64()
		}
	}
	return kinds, numbers
}

func TestASeedDrawsTheSameFaultsWhateverTheyMeet(t *testing.T) {
	kinds, numbers := drawn(7, 0)
	again, theirs := drawn(7, 5)
	if !slices.Equal(kinds, again) || !slices.Equal(numbers, theirs) {
		t.Error("the same seed drew other faults")
	}
	if others, _ := drawn(8, 0); slices.Equal(kinds, others) {
		t.Error("another seed drew the same faults")
	}
}

func TestEachFaultIsDrawnBeforeAnyComesAgain(t *testing.T) {
	kinds, _ := drawn(1, 0)
	k := &torture{kinds: map[string]int{}}
	for _, kind := range kinds[:len(injections)+len(misdeeds)] {
		k.kinds[kind]++
	}
	if missing := k.missing(); !slices.Equal(missing, []string{ruleBroken}) {
		t.Errorf("never drawn: %q", missing)
	}
}
