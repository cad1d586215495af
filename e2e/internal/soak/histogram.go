package main

import (
	"math/bits"
	"time"
)

// A histogram counts durations in microseconds, each within 3 percent, in a memory that does not grow. The longest is exact.
type histogram struct {
	counts [60 * steps]int64
	n      int64
	max    time.Duration
}

// steps are how many there are between a power of two and the next.
const steps = 32

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0).Microseconds()))]++
	h.n++
	h.max = max(h.max, d)
}

func bucket(us uint64) int {
	shift := max(0, bits.Len64(us)-bits.Len(steps))
	return shift*steps + int(us>>shift)
}

// floor is the least that falls into a bucket.
func floor(bucket int) int64 {
	shift := max(0, bucket/steps-1)
	return int64(bucket-shift*steps) << shift
}

// at is the duration that so many of a hundred do not exceed.
func (h *histogram) at(percent int64) int64 {
	if h.n == 0 {
		return 0
	}
	rest := (h.n - 1) * percent / 100
	for b, n := range h.counts {
		if rest < n {
			return floor(b)
		}
		rest -= n
	}
	return h.max.Microseconds()
}

func (h *histogram) latencies() latencies {
	return latencies{h.at(50), h.at(99), h.max.Microseconds()}
}
