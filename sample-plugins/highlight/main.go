// Highlight is a plugin that marks up source code with CSS classes.
package main

import (
	_ "embed"

	"context"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/highlight/highlightapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{
		highlightapi.Highlight.Handle(highlight),
		highlightapi.Style.Handle(style),
	}
}
