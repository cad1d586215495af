package host

import (
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
)

// restarts counts the crashes of one plugin and says when to start it again. It has no clock of its own.
type restarts struct {
	crashes []time.Time // within the window, oldest first
}

// crashed takes note of a crash: start again after delay, or, if there were too many, not at all.
func (r *restarts) crashed(now time.Time, rule manifest.Restart) (delay time.Duration, tooMany bool) {
	window := time.Duration(rule.Window)
	for len(r.crashes) > 0 && now.Sub(r.crashes[0]) > window {
		r.crashes = r.crashes[1:]
	}
	r.crashes = append(r.crashes, now)
	if len(r.crashes) > rule.Max {
		return 0, true
	}
	return backoff(len(r.crashes), time.Duration(rule.Backoff), time.Duration(rule.MaxBackoff)), false
}

// exceeded says that there were too many crashes, in a sentence.
func exceeded(rule manifest.Restart) string {
	return fmt.Sprintf("it crashed %d times within %s (restart.max, restart.window)", rule.Max+1, time.Duration(rule.Window))
}

// forget starts counting anew.
func (r *restarts) forget() { r.crashes = nil }

// backoff is how long to wait before attempt n, from 1: doubled each time, without overflow.
func backoff(n int, first, most time.Duration) time.Duration {
	d := first
	for ; n > 1 && d < most; n-- {
		d *= 2
	}
	return min(d, most)
}
