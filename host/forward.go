package host

import (
	"context"

	"github.com/go-hotplug/hotplug/rpc"
)

type hostKey struct{}

// Forward answers a message that plugins call on the host by calling the plugin of this name, looked up when the call is made. So
// plugins serve each other without knowing where the other one is. Every kind of message may be forwarded.
func Forward(m rpc.Relayable, plugin string) rpc.Handler {
	return m.Relay(func(ctx context.Context) (rpc.Peer, error) {
		h, ok := ctx.Value(hostKey{}).(*Host)
		if !ok {
			return nil, rpc.Errorf(rpc.Unimplemented, "%s: forwarded to plugin %q, and this worker's host has no plugins folder", m.Use().Name, plugin)
		}
		return h.Plugin(plugin), nil
	})
}
