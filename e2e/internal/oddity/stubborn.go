package main

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/rpc"
)

// stubborn are handlers that no context ends.
func stubborn() []rpc.Handler {
	var waiting atomic.Int64
	released := make(chan struct{}) // closed by Release
	release := sync.OnceFunc(func() { close(released) })
	wait := func(n oddityapi.Number) (oddityapi.Number, error) {
		waiting.Add(1)
		<-released
		return n, nil
	}
	return []rpc.Handler{
		oddityapi.Stubborn.Handle(func(_ context.Context, n oddityapi.Number) (oddityapi.Number, error) { return wait(n) }),
		oddityapi.StubbornStream.Handle(func(_ context.Context, n oddityapi.Number, send func(oddityapi.Number) error) error {
			if err := send(n); err != nil {
				return err
			}
			_, err := wait(n)
			_ = send(n) // nobody is there
			return err
		}),
		oddityapi.StubbornUpload.Handle(func(_ context.Context, items iter.Seq2[oddityapi.Number, error]) (oddityapi.Number, error) {
			for item, err := range items {
				if err != nil {
					return item, err
				}
				return wait(item)
			}
			return oddityapi.Number{}, nil
		}),
		oddityapi.Waiting.Handle(func(context.Context, struct{}) (oddityapi.Number, error) {
			return oddityapi.Number{N: waiting.Load()}, nil
		}),
		oddityapi.Release.Handle(func(context.Context, struct{}) (oddityapi.Number, error) {
			release()
			return oddityapi.Number{N: waiting.Load()}, nil
		}),
	}
}
