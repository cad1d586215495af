// Faulty is a renderer of Markdown that passes its handshake and crashes at its first call: a bad release, for the demonstration.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func main() {
	plugin.Serve(markdownapi.Render.Handle(func(context.Context, markdownapi.RenderRequest) (markdownapi.Document, error) {
		fmt.Fprintln(os.Stderr, "out of ink")
		os.Exit(9)
		return markdownapi.Document{}, nil
	}))
}
