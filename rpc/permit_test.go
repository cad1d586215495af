package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

var errNotYou = rpc.Errorf(rpc.Denied, "not you")

// complaints is a Logger that keeps what is warned of.
type complaints struct{ lines atomic.Pointer[[]string] }

func (c *complaints) Debug(string, ...any) {}

func (c *complaints) Warn(msg string, args ...any) {
	var all []string
	if before := c.lines.Load(); before != nil {
		all = append(all, *before...)
	}
	all = append(all, fmt.Sprint(append([]any{msg}, args...)...))
	c.lines.Store(&all)
}

// everyKind sends a message of each kind and returns the errors of those that have an answer.
func everyKind(t *testing.T, p rpc.Peer) map[string]error {
	t.Helper()
	errs := map[string]error{}
	_, errs["method"] = greet.Call(t.Context(), p, greetRequest{Name: "Ada"})
	_, errs["query"] = lookup.Call(t.Context(), p, "Ada")
	for _, err := range count.Open(t.Context(), p, 3) {
		errs["stream"] = err
	}
	_, errs["upload"] = total.Call(t.Context(), p, numbers(3))
	x, err := upper.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	_ = x.CloseSend()
	for _, err := range x.Items() {
		errs["duplex"] = err
	}
	if err := wave.Send(t.Context(), p, 1); err != nil {
		t.Errorf("a notice: %v", err)
	}
	return errs
}

// guarded answers a message of each kind, if permit lets it, and counts the handlers that ran.
func guarded(ran *atomic.Int64, permit func(string) error) rpc.Options {
	notice := wave.Handle(func(context.Context, int) error { ran.Add(1); return nil })
	method := greet.Handle(func(context.Context, greetRequest) (greeting, error) { ran.Add(1); return greeting{}, nil })
	query := lookup.Handle(func(context.Context, string) (int, error) { ran.Add(1); return 0, nil })
	all := append(flows(), notice, method, query)
	return rpc.Options{Handlers: rpc.NewMux(all...), Side: rpc.FromHost, Permit: permit}
}

func TestPermitRefusesEachKindOfMessageBeforeItsHandlerAndMiddleware(t *testing.T) {
	var ran atomic.Int64
	var seen trace
	var asked atomic.Int64
	o := guarded(&ran, func(string) error { asked.Add(1); return errNotYou })
	o.Middleware = []rpc.Middleware{func(ctx context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		if d == rpc.Incoming {
			return seen.as("b")(ctx, m, d)
		}
		return nil, nil
	}}
	log := &complaints{}
	o.Logger = log
	a, b := rpctest.PairWith(t, rpc.Options{Side: rpc.FromPlugin}, o)
	for kind, err := range everyKind(t, a) {
		var e *rpc.Error
		if !errors.Is(err, rpc.Denied) || rpc.Delivered(err) != rpc.NotDelivered || !errors.As(err, &e) || e.Origin != rpc.FromHost || e.Message != "not you" {
			t.Errorf("%s: %+v, delivered %s", kind, err, rpc.Delivered(err))
		}
	}
	if err := a.AwaitNotices(t.Context()); err != nil {
		t.Error(err)
	}
	if n := b.Stats().Denied; n != 6 || asked.Load() != 6 || ran.Load() != 0 || len(seen.lines) != 0 {
		t.Errorf("%d were counted and %d asked for, %d handlers ran, middleware saw %q", n, asked.Load(), ran.Load(), seen.lines)
	}
	if lines := log.lines.Load(); lines != nil {
		t.Errorf("what Permit refuses, Permit tells of: %q", *lines)
	}
}

func TestPermitIsNotAskedForWhatIsNotHandled(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{Handlers: rpc.NewMux(greet.Handle(hello)), Permit: func(name string) error {
		t.Errorf("asked for %q", name)
		return nil
	}})
	if _, err := lookup.Call(t.Context(), a, "x"); !errors.Is(err, rpc.Unimplemented) {
		t.Error(err)
	}
}

func TestPermitLetsTheSameConnectionOnceItIsGranted(t *testing.T) {
	var granted atomic.Bool
	a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{Handlers: rpc.NewMux(greet.Handle(hello)), Permit: func(string) error {
		if granted.Load() {
			return nil
		}
		return errNotYou
	}})
	if _, err := greet.Call(t.Context(), a, greetRequest{}); !errors.Is(err, rpc.Denied) {
		t.Error(err)
	}
	granted.Store(true)
	if _, err := greet.Call(t.Context(), a, greetRequest{}); err != nil {
		t.Error(err)
	}
}

func TestAPanicInPermitIsAnswered(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{Handlers: rpc.NewMux(greet.Handle(hello)), Permit: func(string) error { panic("no list") }})
	if _, err := greet.Call(t.Context(), a, greetRequest{}); !errors.Is(err, rpc.Internal) || rpc.Delivered(err) != rpc.NotDelivered {
		t.Error(err)
	}
}

func TestPermitAddsNoAllocationToACall(t *testing.T) {
	if raced {
		t.Skip("the race detector has pools lose what they hold, at random")
	}
	allowed := map[string]bool{string(greet): true}
	allocs := func(permit func(string) error) float64 {
		left, right := pipe.New(0)
		a := rpc.NewConn(context.Background(), left, rpc.Options{})
		o := handling(greet.Handle(hello))
		o.Permit = permit
		b := rpc.NewConn(context.Background(), right, o)
		defer a.Close()
		defer b.Close()
		return testing.AllocsPerRun(500, func() { call(t, a) })
	}
	bare := allocs(nil)
	asked := allocs(func(name string) error {
		if allowed[name] {
			return nil
		}
		return errNotYou
	})
	if asked > bare {
		t.Errorf("a call allocates %.0f times, %.0f with a Permit", bare, asked)
	}
}
