// Thumbnail is a plugin that makes small pictures of large ones.
package main

import (
	"context"
	_ "embed"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/thumbnail/thumbnailapi"
)

//go:embed plugin.json
var manifest []byte

func main() {
	plugin.Exit(plugin.Server{Handlers: handlers(), Manifest: manifest}.Run(context.Background()))
}

func handlers() []rpc.Handler {
	return []rpc.Handler{thumbnailapi.Make.Handle(inOnePiece), thumbnailapi.Upload.Handle(upload)}
}

// inOnePiece answers for a picture that comes so.
func inOnePiece(ctx context.Context, req thumbnailapi.Request) (thumbnailapi.Thumbnail, error) {
	return thumbnail(ctx, req, thumbnailapi.MaxData)
}
