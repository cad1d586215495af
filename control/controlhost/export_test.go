package controlhost

import (
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// Handlers are what a Server answers, without a socket.
func Handlers(h *host.Host, o Options) []rpc.Handler { return newServer(h, o).handlers() }

// End ends what a Recorder hands out, as Server.Close does.
func (r *Recorder) End() { r.close() }

const (
	KeptLines    = keptLines
	KeptEvents   = keptEvents
	FollowBuffer = followBuffer
	FollowBytes  = followBytes
)
