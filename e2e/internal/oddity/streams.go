package main

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/rpc"
)

var countsEnded atomic.Int64

// streams are handlers of each kind of stream, and some that pass it on to the host.
func streams() []rpc.Handler {
	toHost := func(ctx context.Context) (rpc.Peer, error) { return rpc.Caller(ctx), nil }
	return []rpc.Handler{
		oddityapi.Count.Handle(func(ctx context.Context, to oddityapi.Number, send func(oddityapi.Number) error) error {
			defer countsEnded.Add(1)
			return oddityapi.Counted(ctx, to, send)
		}),
		oddityapi.Ended.Handle(func(context.Context, struct{}) (oddityapi.Number, error) {
			return oddityapi.Number{N: countsEnded.Load()}, nil
		}),
		oddityapi.Goroutines.Handle(func(context.Context, struct{}) (oddityapi.Number, error) {
			return oddityapi.Number{N: int64(runtime.NumGoroutine())}, nil
		}),
		oddityapi.Sum.Handle(oddityapi.Summed),
		oddityapi.Chat.Handle(oddityapi.Negated),
		oddityapi.HostCount.Relay(toHost),
		oddityapi.HostSum.Relay(toHost),
		oddityapi.HostChat.Relay(toHost),
		oddityapi.Heard.Relay(toHost),
		oddityapi.Visit.Handle(func(ctx context.Context, e oddityapi.Errand) (oddityapi.Outcome, error) {
			return e.Run(ctx, rpc.Caller(ctx)), nil
		}),
	}
}
