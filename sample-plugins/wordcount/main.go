// Wordcount is a plugin that counts words and tells how long they take to read.
package main

import (
	"context"
	_ "embed"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{wordcountapi.Count.Handle(count)}
}
