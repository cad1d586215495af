package oddityapi

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/rpc"
)

// Answers answers what a host is asked, and knows what was asked. The zero value is ready. Its methods may be called concurrently.
type Answers struct {
	heard, ended atomic.Int64
}

// Ended is how many handlers of streams, uploads and duplexes have ended.
func (a *Answers) Ended() int64 { return a.ended.Load() }

// Heard is the sum of all that was told.
func (a *Answers) Heard() int64 { return a.heard.Load() }

// Handlers answer each kind of message. All but that of the notice report their progress.
func (a *Answers) Handlers() []rpc.Handler {
	return []rpc.Handler{
		Double.Handle(func(ctx context.Context, n Number) (Number, error) { return once(ctx, Number{2 * n.N}) }),
		Keep.Handle(once),
		Told.Handle(func(_ context.Context, n Number) error { a.heard.Add(n.N); return nil }),
		Heard.Handle(func(context.Context, struct{}) (Number, error) { return Number{a.Heard()}, nil }),
		HostEnded.Handle(func(context.Context, struct{}) (Number, error) { return Number{a.Ended()}, nil }),
		HostCount.Handle(func(ctx context.Context, to Number, send func(Number) error) error {
			defer a.ended.Add(1)
			return Counted(ctx, to, send)
		}),
		HostSum.Handle(func(ctx context.Context, items iter.Seq2[Number, error]) (Number, error) {
			defer a.ended.Add(1)
			return Summed(ctx, items)
		}),
		HostChat.Handle(func(ctx context.Context, items iter.Seq2[Number, error], send func(Number) error) error {
			defer a.ended.Add(1)
			return Negated(ctx, items, send)
		}),
	}
}

func once(ctx context.Context, n Number) (Number, error) {
	rpc.Report(ctx, rpc.Progress{Done: 1, Total: 1})
	return n, nil
}

// trouble is the error of an item that asks for one. -13 is an error, -14 a panic.
func trouble(n Number) error {
	switch n.N {
	case -13:
		return rpc.Errorf(rpc.Conflict, "thirteen")
	case -14:
		panic("fourteen")
	}
	return nil
}
