// Linkcheck is a plugin that finds links which lead nowhere, by asking its host.
package main

import (
	"context"
	_ "embed"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/linkcheck/linkcheckapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{linkcheckapi.Check.Handle(check)}
}
