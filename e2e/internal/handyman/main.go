// Handyman is a plugin for tests that a host of the TypeScript library can drive, too.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/handyapi"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// seen are the notices that were handled: one at a time, so it needs no lock of its own while nobody asks.
var seen []int

func main() {
	plugin.Serve(
		handyapi.Add.Handle(func(_ context.Context, p handyapi.Pair) (handyapi.Sum, error) {
			return handyapi.Sum{Sum: p.A + p.B}, nil
		}),
		handyapi.Forget.Handle(func(context.Context, handyapi.Pair) (struct{}, error) { return struct{}{}, nil }),
		handyapi.Find.Handle(func(context.Context, string) (*handyapi.Sum, error) { return nil, nil }),
		handyapi.Echo.Handle(func(_ context.Context, text string) (string, error) { return text, nil }),
		handyapi.Fail.Handle(fail),
		handyapi.Sleep.Handle(sleep),
		handyapi.Seen.Handle(see),
		handyapi.Notices.Handle(func(context.Context, struct{}) ([]int, error) { return seen, nil }),
		handyapi.Upwards.Handle(upwards),
	)
}

func fail(context.Context, struct{}) (struct{}, error) {
	return struct{}{}, &rpc.Error{Message: "boom", Name: "InteropError", Details: map[string]any{"code": "E_FAIL"}}
}

func sleep(ctx context.Context, n handyapi.Nap) (struct{}, error) {
	select {
	case <-time.After(time.Duration(n.MS) * time.Millisecond):
	case <-ctx.Done():
	}
	return struct{}{}, ctx.Err()
}

func see(_ context.Context, n int) error {
	if n < 0 {
		return errors.New("negative")
	}
	seen = append(seen, n)
	return nil
}

func upwards(ctx context.Context, none struct{}) (struct{}, error) {
	return handyapi.Fail.Call(ctx, rpc.Caller(ctx), none)
}
