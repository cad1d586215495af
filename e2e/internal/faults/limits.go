package faults

import "github.com/go-hotplug/hotplug/internal/wire"

// Limits are those of the connections on which the tests play: small, so that all of them are reached.
var Limits = wire.Limits{Frame: 256 << 10, Inflight: 16, Streams: 8, StreamItems: 16, StreamBytes: 64 << 10}
