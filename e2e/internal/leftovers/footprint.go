package leftovers

import (
	"os"
	"runtime"
	"time"
)

// A Footprint is what a process takes.
type Footprint struct{ descriptors, goroutines int }

// Now is this process's own.
func Now() Footprint {
	open, _ := os.ReadDir("/proc/self/fd")
	return Footprint{len(open), runtime.NumGoroutine()}
}

// settling is how long what has been told to end may take.
const settling = 5 * time.Second

// Grown is by how much this process takes more than it did, once that is nothing and settled, if not nil, says true; at most 5 s later.
func (before Footprint) Grown(settled func() bool) (descriptors, goroutines int) {
	for deadline := time.Now().Add(settling); ; time.Sleep(20 * time.Millisecond) {
		now := Now()
		descriptors, goroutines = max(0, now.descriptors-before.descriptors), max(0, now.goroutines-before.goroutines)
		if descriptors+goroutines == 0 && (settled == nil || settled()) || time.Now().After(deadline) {
			return descriptors, goroutines
		}
	}
}
