// Counter is the smallest plugin that does something: it keeps a count.
package main

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
)

var count atomic.Int64

func main() {
	plugin.Serve(
		counterapi.Add.Handle(add),
		counterapi.Get.Handle(get),
		counterapi.Bump.Handle(bump),
		counterapi.Watch.Handle(watch),
		counterapi.AddAll.Handle(addAll),
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

func watch(_ context.Context, w counterapi.Watching, send func(counterapi.Total) error) error {
	for range w.Count {
		if err := send(counterapi.Total{Value: count.Load()}); err != nil {
			return err
		}
	}
	return nil
}

func addAll(ctx context.Context, deltas iter.Seq2[counterapi.Delta, error]) (counterapi.Total, error) {
	var added int64
	for d, err := range deltas {
		if err != nil {
			return counterapi.Total{}, err
		}
		count.Add(d.By)
		added++
		rpc.Report(ctx, rpc.Progress{Done: added})
	}
	return counterapi.Total{Value: count.Load()}, nil
}
