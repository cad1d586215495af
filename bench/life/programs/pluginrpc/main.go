// Pluginrpc is the echo of go-plugin over net/rpc.
package main

import (
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho"
	"github.com/go-hotplug/hotplug/bench/life/contract/pluginecho/overrpc"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pluginecho.Handshake,
		Plugins:         plugin.PluginSet{pluginecho.Name: overrpc.Plugin{}},
		Logger:          hclog.NewNullLogger(),
	})
}
