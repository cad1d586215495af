// Counter is a small plugin that keeps a count, also when it is reloaded.
package main

import (
	"context"
	"iter"
	"strconv"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
)

var count atomic.Int64

func main() { plugin.Exit(server().Run(context.Background())) }

func server() plugin.Server {
	return plugin.Server{
		Handlers: []rpc.Handler{
			counterapi.Add.Handle(add),
			counterapi.Get.Handle(get),
			counterapi.Bump.Handle(bump),
			counterapi.Watch.Handle(watch),
			counterapi.AddAll.Handle(addAll),
		},
		Snapshot: snapshot,
		Restore:  restore,
	}
}

// schema names the form of the state: the count as a decimal number.
const schema = "counter/1"

func snapshot(context.Context) (plugin.State, error) {
	return plugin.State{Schema: schema, Data: strconv.AppendInt(nil, count.Load(), 10)}, nil
}

func restore(_ context.Context, s plugin.State) error {
	if s.Schema != schema {
		return rpc.Errorf(rpc.Invalid, "a state of the form %q: this counter reads %q", s.Schema, schema)
	}
	n, err := strconv.ParseInt(string(s.Data), 10, 64)
	if err != nil {
		return rpc.Errorf(rpc.Invalid, "a state of the form %q: %w", s.Schema, err)
	}
	count.Store(n)
	return nil
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
