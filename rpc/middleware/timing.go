package middleware

import (
	"context"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Timing calls done once for each call and notice, when it is over at this end: outgoing ones when the caller has its result, incoming ones when
// the handler has ended. took is the time from before the first middleware until then, a caller's wait for a slot included. err is
// what the caller gets, or what the handler's end answers with: also a deadline, a lost connection, or what another middleware refused. A notice is over when
// it is queued, or handled. A call with streams is done once, at its end, whatever its items.
//
// done runs in the goroutine of the call, which waits for it: it must not block, and may be called concurrently. One that panics
// is logged.
func Timing(done func(message string, d rpc.Direction, took time.Duration, err error)) rpc.Middleware {
	return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if m.Reply || m.Item {
			return nil, nil
		}
		message, call := m.Type, m.Call
		call.OnEnd(func(err error) { done(message, d, time.Since(call.Start), err) })
		return nil, nil
	}
}
