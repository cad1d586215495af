package faults

import "github.com/go-hotplug/hotplug/internal/wire"

// A Part is what one thing can make the other side of a connection keep, in bytes.
type Part struct {
	What  string
	Bytes int64
}

// What a connection keeps whatever its limits say, in bytes.
const (
	noticeBytes = 16 << 20 // see docs/protocol.md
	outgoing    = 1 << 20  // that wait to be written before whoever sends has to wait
	pileUp      = 4        // times as many calls as may be handled may wait until their answers are written
	small       = 512      // of an item that waits, however small it is
	slack       = 10 << 20 // readers, tables, goroutines, buffers that are kept for the next frame, and this test's own
	copies      = 2        // of a request or an item: its frame, and its name or its decoded payload
)

// Parts are what docs/reliability.md derives the bound from.
func Parts(l wire.Limits) []Part {
	frame, calls, streams := int64(l.Frame), int64(l.Inflight), int64(l.Streams)
	return []Part{
		{"the frame that is being read: frame", frame},
		{"requests that are handled, twice: 2 x inflight x frame", copies * calls * frame},
		{"answers that wait to be written: 4 x inflight x frame", pileUp * calls * frame},
		{"replies that their callers have not taken: inflight x frame", calls * frame},
		{"requests that open streams, twice: 2 x streams x frame", copies * streams * frame},
		{"items that wait, both ways: 2 x streams x (streamBytes + frame + 512 x streamItems)", 2 * streams * (int64(l.StreamBytes) + frame + small*int64(l.StreamItems))},
		{"notices that wait: noticeBytes + frame", noticeBytes + frame},
		{"frames that wait to be written: 1 MiB + frame", outgoing + frame},
		{"the rest: 10 MiB", slack},
	}
}

// Bound is what a peer can make the other side keep for one connection, in bytes, whatever it does. What handlers make of their payloads is theirs.
func Bound(l wire.Limits) (sum int64) {
	for _, p := range Parts(l) {
		sum += p.Bytes
	}
	return sum
}
