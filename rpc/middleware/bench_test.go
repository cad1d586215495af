package middleware_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

// quiet is a logger at info level.
type quiet struct{ record }

func (*quiet) IsTrace() bool { return false }
func (*quiet) IsDebug() bool { return false }
func (*quiet) IsInfo() bool  { return true }
func (*quiet) IsWarn() bool  { return true }
func (*quiet) IsError() bool { return true }

func nothing(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) { return nil, nil }

var measured = map[string][]rpc.Middleware{
	"none":    nil,
	"empty":   {},
	"nothing": {nothing},
	"logging": {middleware.Logging(&quiet{}, middleware.LogOptions{})},
	"timing":  {middleware.Timing(func(string, rpc.Direction, time.Duration, error) {})},
	"limit":   {middleware.PayloadLimit(1<<20, nil)},
	"redact":  {middleware.Redact("password").Travelling()},
	"trace":   {middleware.TraceContext()},
}

// one is a call with a middleware at both ends.
func one(t testing.TB, mw []rpc.Middleware) func() {
	a := pair(t, nil, mw, mw)
	return func() {
		if _, err := signIn.Call(context.Background(), a, login{User: "ada"}); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for name, mw := range measured {
		b.Run(name, func(b *testing.B) {
			call := one(b, mw)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// What middleware needs of a call (its own copy of the message, what request and reply share, the incoming message and its payload) is
// allocated eight times at both ends together, and not at all where nothing is installed.
func TestWithoutMiddlewareNothingIsAllocatedForIt(t *testing.T) {
	if raced {
		t.Skip("under the race detector pools forget at random")
	}
	const forIt = 8
	allocs := func(name string) float64 { return testing.AllocsPerRun(500, one(t, measured[name])) }
	none, empty, some := allocs("none"), allocs("empty"), allocs("nothing")
	if none != empty || some-none < forIt {
		t.Errorf("a call allocates %.0f times without middleware, %.0f times with an empty list, %.0f times with one that does nothing", none, empty, some)
	}
}
