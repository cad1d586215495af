package middleware_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

// times keeps what Timing reports.
type times struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (ts *times) mw() rpc.Middleware {
	return middleware.Timing(func(message string, d rpc.Direction, took time.Duration, err error) {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		result := "ok"
		if err != nil {
			result = string(rpc.CodeOf(err))
		}
		ts.lines = append(ts.lines, fmt.Sprintf("%s %s %s %s", message, d, took, result))
	})
}

func (ts *times) taken() []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	lines := ts.lines
	ts.lines = nil
	return lines
}

func TestTimingMeasuresACallOnBothEndsWhateverEndsIt(t *testing.T) {
	refuse := func(_ context.Context, m *rpc.Message, _ rpc.Direction) (*rpc.Message, error) {
		if m.Reply {
			return nil, rpc.Conflict
		}
		return nil, nil
	}
	for _, c := range []struct {
		name           string
		err            error
		timeout        time.Duration
		after          []rpc.Middleware // of the caller, behind Timing
		caller, callee string
	}{
		{"result", nil, time.Minute, nil, "1s ok", "1s ok"},
		{"error", rpc.Denied, time.Minute, nil, "1s Denied", "1s Denied"},
		{"deadline", rpc.Canceled, time.Millisecond, nil, "1ms Timeout", "1s Canceled"},
		{"refused by another middleware", nil, time.Minute, only(refuse), "1s Conflict", "1s ok"},
		{"panic", nil, time.Minute, nil, "0s Internal", "0s Internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachSerializer(t, func(t *testing.T, s codec.Serializer) {
				synctest.Test(t, func(t *testing.T) {
					var near, far times
					h := knock.Handle(slow(c.err))
					if c.name == "panic" {
						h = knock.Handle(func(context.Context, string) (string, error) { panic("boom") })
					}
					a := pair(t, s, append(only(near.mw()), c.after...), only(far.mw()), h)
					ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
					defer cancel()
					_, _ = knock.Call(ctx, a, "")
					time.Sleep(2 * time.Second) // until the handler is done, too
					same(t, "caller", near.taken(), "door.knock outgoing "+c.caller)
					same(t, "callee", far.taken(), "door.knock incoming "+c.callee)
				})
			})
		})
	}
}

func TestTimingMeasuresNoticesUntilQueuedAndUntilHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var near, far times
		a := pair(t, nil, only(near.mw()), only(far.mw()), ring.Handle(func(context.Context, login) error { time.Sleep(time.Second); return rpc.NotFound }))
		for range 2 {
			if err := ring.Send(t.Context(), a, login{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		same(t, "caller", near.taken(), "door.ring outgoing 0s ok", "door.ring outgoing 0s ok")
		same(t, "callee", far.taken(), "door.ring incoming 1s NotFound", "door.ring incoming 1s NotFound")
	})
}

func TestTimingSeesALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var near times
		a := pair(t, nil, only(near.mw()), nil, knock.Handle(slow(nil)))
		time.AfterFunc(time.Millisecond, func() { a.Close() })
		_, err := knock.Call(t.Context(), a, "")
		if rpc.CodeOf(err) != rpc.Unavailable {
			t.Fatal(err)
		}
		same(t, "caller", near.taken(), "door.knock outgoing 1ms Unavailable")
		time.Sleep(2 * time.Second) // until the handler is done
	})
}
