package host

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
)

// Limits are the most that a manifest may ask for. Zero means: as much as it does; Open refuses less. What a plugin can make its host keep in memory
// follows from them: docs/reliability.md says how.
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

// check returns an error if one of the limits is negative. whose is what they belong to.
func (most Limits) check(whose string) error {
	return notNegative(whose, setting{"Frame", int64(most.Frame)}, setting{"Inflight", int64(most.Inflight)}, setting{"Streams", int64(most.Streams)},
		setting{"StreamItems", int64(most.StreamItems)}, setting{"StreamBytes", int64(most.StreamBytes)})
}

// checkLimits returns an error if a host's limits are negative: that is more likely a slip than a wish for none.
func (c *Config) checkLimits() error {
	if err := c.Limits.check("host.Config: Limits."); err != nil {
		return err
	}
	for name, s := range c.Plugins {
		if err := s.Limits.check(fmt.Sprintf("host.Config: Plugins[%q]: Limits.", name)); err != nil {
			return err
		}
	}
	return nil
}

// checkLimits returns an error if a worker's limits are negative.
func (l *Launch) checkLimits() error {
	return notNegative("host.Launch: ", setting{"MaxFrame", int64(l.MaxFrame)}, setting{"MaxInflight", int64(l.MaxInflight)}, setting{"MaxStreams", int64(l.MaxStreams)},
		setting{"StreamItems", int64(l.StreamItems)}, setting{"StreamBytes", int64(l.StreamBytes)}, setting{"MaxMemory", l.MaxMemory}, setting{"MaxOpenFiles", int64(l.MaxOpenFiles)})
}

// A setting is a field of the application's, and its value.
type setting struct {
	field string
	value int64
}

func notNegative(whose string, settings ...setting) error {
	for _, s := range settings {
		if s.value < 0 {
			return fmt.Errorf("%s%s: found %d, want 1 or more, or 0 for the default", whose, s.field, s.value)
		}
	}
	return nil
}

func limitsOf(l manifest.Limits) wire.Limits {
	return wire.Limits{Frame: int(l.Frame), Inflight: l.Inflight, Streams: l.Streams, StreamItems: l.StreamItems, StreamBytes: int(l.StreamBytes)}
}
