// First is the smallest host: it opens a plugins folder and calls one plugin.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	h, err := host.Open(ctx, host.Config{Name: "first", Version: "1.0.0", Dir: "build/plugins"})
	if err != nil {
		return err
	}
	defer h.Close()

	total, err := counterapi.Add.Call(ctx, h.Plugin("counter"), counterapi.Delta{By: 2})
	if err != nil {
		return err
	}
	fmt.Println("the counter stands at", total.Value)
	return nil
}
