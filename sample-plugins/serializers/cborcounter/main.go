// Cborcounter is the counter sample over CBOR: the whole difference is the Serializer, here and in plugin.json.
package main

import (
	"context"
	_ "embed"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
)

//go:embed plugin.json
var manifest []byte

var count atomic.Int64

func main() {
	plugin.Exit(plugin.Server{
		Serializer: cbor.Serializer{},
		Manifest:   manifest,
		Handlers:   []rpc.Handler{counterapi.Add.Handle(add), counterapi.Get.Handle(get), counterapi.Bump.Handle(bump)},
	}.Run(context.Background()))
}

func add(_ context.Context, d counterapi.Delta) (counterapi.Total, error) {
	return counterapi.Total{Value: count.Add(d.By)}, nil
}

func get(context.Context, struct{}) (counterapi.Total, error) {
	return counterapi.Total{Value: count.Load()}, nil
}

func bump(_ context.Context, d counterapi.Delta) error {
	count.Add(d.By)
	return nil
}
