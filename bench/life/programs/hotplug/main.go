// Hotplug is the smallest plugin of hotplug: it echoes.
package main

import (
	"context"

	"github.com/go-hotplug/hotplug/bench/life/contract/echoapi"
	"github.com/go-hotplug/hotplug/plugin"
)

func main() { plugin.Serve(echoapi.Echo.Handle(echo)) }

func echo(_ context.Context, d echoapi.Data) (echoapi.Data, error) { return d, nil }
