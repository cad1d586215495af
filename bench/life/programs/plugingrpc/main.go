// Plugingrpc is the echo of go-plugin over gRPC.
package main

import (
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho"
	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho/overgrpc"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pluginecho.Handshake,
		Plugins:         plugin.PluginSet{pluginecho.Name: overgrpc.Plugin{}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}
