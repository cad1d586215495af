// Outline is a plugin that finds the headings of Markdown documents.
package main

import (
	"context"
	_ "embed"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/outline/outlineapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{outlineapi.Headings.Handle(headings), outlineapi.Of.Handle(of)}
}
