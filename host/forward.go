package host

import (
	"context"

	"github.com/go-hotplug/hotplug/rpc"
)

type hostKey struct{}

// Forward answers a message that plugins call on the host by calling the plugin of this name, looked up when the call is made. So
// plugins serve each other without knowing where the other one is.
func Forward[Req, Res any](m rpc.Callable[Req, Res], plugin string) rpc.Handler {
	return m.Handle(func(ctx context.Context, req Req) (Res, error) {
		h, ok := ctx.Value(hostKey{}).(*Host)
		if !ok {
			var none Res
			return none, rpc.Errorf(rpc.Unimplemented, "%s: forwarded to plugin %q, and this worker's host has no plugins folder", m.Use().Name, plugin)
		}
		return m.Call(ctx, h.Plugin(plugin), req)
	})
}
