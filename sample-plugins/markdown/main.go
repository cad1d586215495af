// Markdown is a plugin that renders Markdown to HTML that is safe to publish.
package main

import (
	"context"
	_ "embed"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{markdownapi.Render.Handle(render)}
}
