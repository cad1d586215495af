package faults

import "github.com/go-hotplug/hotplug/internal/wire"

// What one connection may have in memory beside what its limits say, in bytes.
const (
	noticeBytes = 16 << 20 // of notices that were not handled: see docs/protocol.md
	outgoing    = 1 << 20  // that wait to be written before whoever sends has to wait
	slack       = 10 << 20 // readers, tables, goroutines of handlers, buffers that are kept for the next frame
	small       = 512      // of a frame that is in a queue, whatever its size
	copies      = 2        // of a request: its frame, and its name or its decoded payload
)

// Bound is what a peer can have the other side keep for one connection, in bytes, whatever it does: docs/reliability.md derives it. What handlers make
// of their payloads is theirs.
func Bound(l wire.Limits) int64 {
	frame := int64(l.Frame)
	calls := int64(l.Inflight) * (copies*frame + frame + frame) // requests that are handled, answers that wait to be written, replies that were not taken
	stream := int64(l.StreamBytes) + frame + small*int64(l.StreamItems)
	streams := 2 * int64(l.Streams) * (stream + copies*frame)
	return frame + calls + streams + noticeBytes + frame + outgoing + slack
}
