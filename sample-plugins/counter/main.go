// Counter is the smallest plugin that does something: it keeps a count.
package main

import (
	"context"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
)

var count atomic.Int64

func main() {
	plugin.Serve(
		counterapi.Add.Handle(add),
		counterapi.Get.Handle(get),
		counterapi.Bump.Handle(bump),
	)
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
