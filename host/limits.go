package host

import (
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
)

// Limits are the most that a manifest may ask for. Zero means: as much as it does. What a plugin can make its host keep in memory follows from them:
// docs/reliability.md says how.
type Limits struct {
	Frame       int // bytes of one message
	Inflight    int // calls at once, each way
	Streams     int // calls with streams at once, each way, beside those
	StreamItems int // items of a stream that may be sent and not taken
	StreamBytes int // bytes of those items; one item may go beyond
}

// caps is l, held to what its host allows.
func (most Limits) caps(l wire.Limits) wire.Limits {
	return wire.Limits{
		Frame: atMost(most.Frame, l.Frame), Inflight: atMost(most.Inflight, l.Inflight), Streams: atMost(most.Streams, l.Streams),
		StreamItems: atMost(most.StreamItems, l.StreamItems), StreamBytes: atMost(most.StreamBytes, l.StreamBytes),
	}
}

func atMost(most, limit int) int {
	if most <= 0 {
		return limit
	}
	return min(most, limit)
}

func limitsOf(l manifest.Limits) wire.Limits {
	return wire.Limits{Frame: int(l.Frame), Inflight: l.Inflight, Streams: l.Streams, StreamItems: l.StreamItems, StreamBytes: int(l.StreamBytes)}
}
