// Holder is a plugin whose calls stay in flight until it is told to let them go.
package main

import (
	"context"

	"github.com/go-hotplug/hotplug/bench/life/contract/echoapi"
	"github.com/go-hotplug/hotplug/plugin"
)

var released = make(chan struct{}) // closed by the notice

func main() {
	plugin.Serve(echoapi.Echo.Handle(echo), echoapi.Hold.Handle(hold), echoapi.Release.Handle(release))
}

func echo(_ context.Context, d echoapi.Data) (echoapi.Data, error) { return d, nil }

func hold(ctx context.Context, d echoapi.Data) (echoapi.Data, error) {
	select {
	case <-released:
		return d, nil
	case <-ctx.Done():
		return d, ctx.Err()
	}
}

func release(context.Context, struct{}) error {
	close(released)
	return nil
}
