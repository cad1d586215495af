package middleware_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

// inContext connects two ends; the contexts of b's handlers come from ctx.
func inContext(t *testing.T, ctx context.Context, handlers *rpc.Mux) (a, b *rpc.Conn) {
	t.Helper()
	left, right := pipe.New(0)
	return rpc.NewConn(context.Background(), left, rpc.Options{}), rpc.NewConn(ctx, right, rpc.Options{Handlers: handlers})
}

func TestWhatOneMiddlewareChangesOrRefusesTheNextSeesOrDoesNot(t *testing.T) {
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		for _, d := range []rpc.Direction{rpc.Outgoing, rpc.Incoming} {
			t.Run(string(d), func(t *testing.T) {
				var first, last record
				shown := middleware.LogOptions{Payloads: true}
				mw := only(middleware.Logging(&first, shown), middleware.Redact("password").Travelling(), middleware.PayloadLimit(200, nil), middleware.Logging(&last, shown))
				a := pair(t, s, mw, nil)
				if d == rpc.Incoming {
					a = pair(t, s, nil, mw)
				}
				if _, err := signIn.Call(t.Context(), a, login{Password: strings.Repeat("x", 300)}); err != nil {
					t.Fatalf("the limit is to the right of what makes it small: %v", err)
				}
				before, after := first.taken(), last.taken()
				if len(before) != 2 || len(after) != 2 || !strings.Contains(before[0], "password:xxx") || !strings.Contains(after[0], "password:<nil>") {
					t.Errorf("first\n%q\nlast\n%q", before, after)
				}
				_, err := signIn.Call(t.Context(), a, login{User: strings.Repeat("x", 300)})
				if err == nil || !strings.HasPrefix(err.Error(), "middleware ("+string(d)+"): door.signIn: a request of ") || rpc.CodeOf(err) != rpc.Exhausted {
					t.Errorf("got %v", err)
				}
				for _, line := range last.taken() {
					if strings.HasPrefix(line, "debug request ") {
						t.Errorf("it was refused to the left of %s", line)
					}
				}
			})
		}
	})
}

func TestMiddlewareServesManyCallersAtOnce(t *testing.T) {
	var l record
	var ts times
	mw := only(middleware.TraceContext(), middleware.Logging(&l, middleware.LogOptions{Payloads: true}), ts.mw(),
		middleware.PayloadLimit(1000, nil), middleware.Redact("token").Travelling())
	a := pair(t, nil, mw, mw)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := signIn.Call(t.Context(), a, login{User: "ada"}); err != nil || got.User != "ada" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if lines, took := l.taken(), ts.taken(); len(lines) != 200 || len(took) != 100 {
		t.Errorf("%d lines and %d durations for 50 calls, want 200 and 100", len(lines), len(took))
	}
}
