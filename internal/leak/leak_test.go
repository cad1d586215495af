package leak_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/internal/leak"
)

func forgotten(end chan struct{}) { <-end }

func TestAGoroutineOfAGoroutineIsFoundUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		var own, other leak.Group
		own.Do(func() { go func() { go forgotten(end) }() })
		other.Do(func() {})
		if left := own.Left(); !strings.Contains(left, "leak_test.forgotten") || strings.Contains(left, "Running") {
			t.Errorf("left: %s", left)
		}
		if left := other.Left(); left != "" {
			t.Errorf("left of another group: %s", left)
		}
		close(end)
		if left := own.Left(); left != "" {
			t.Errorf("left after its end: %s", left)
		}
	})
}
