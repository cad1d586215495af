package faults

import (
	"context"
	"iter"

	"github.com/go-hotplug/hotplug/rpc"
)

// What the other side of a Peer answers.
const (
	Echo    rpc.Query[any, any]            = "victim.echo"
	Wait    rpc.Method[any, struct{}]      = "victim.wait"    // until its caller gives up
	Note    rpc.Notice[any]                = "victim.note"    // is handled at once
	Slow    rpc.Notice[any]                = "victim.slow"    // is never handled
	Items   rpc.Stream[int64, []byte]      = "victim.items"   // so many items, of 1,000 bytes
	Collect rpc.Upload[any, int64]         = "victim.collect" // counts
	Hold    rpc.Upload[any, int64]         = "victim.hold"    // takes no item until its caller gives up
	Talk    rpc.Duplex[any, any]           = "victim.talk"    // each item, back
	Order   rpc.Method[string, struct{}]   = "victim.order"   // calls its caller, as the text says
	Done    rpc.Method[struct{}, struct{}] = "victim.done"    // the row has been played, and the connection goes on
	opened  rpc.Stream[struct{}, any]      = "peer.opened"
	fed     rpc.Upload[[]byte, any]        = "peer.fed"
	chatted rpc.Duplex[[]byte, any]        = "peer.chatted"
	noted   rpc.Notice[struct{}]           = "peer.noted"
)

// Asked is what a Peer answers: the other side calls it when it is ordered to, and whoever likes.
const Asked rpc.Method[any, any] = "peer.asked"

// Inner opens a host in the plugin victim, on the folder that EnvInner names, and answers with what 2 makes of its counter.
const (
	Inner rpc.Method[struct{}, int64] = "victim.inner"

	EnvInner string = "VICTIM_INNER"
)

// How the other side calls back.
const (
	plain  = "method"
	stream = "stream" // takes no item until the call is over
	upload = "upload" // sends items without end
	duplex = "duplex" // takes no item, and sends none
	notice = "notice"
)

// Handlers are the other side's. done, if not nil, is called when the row was played and the connection goes on.
func Handlers(done func()) []rpc.Handler {
	return []rpc.Handler{
		Echo.Handle(func(_ context.Context, v any) (any, error) { return v, nil }),
		Wait.Handle(func(ctx context.Context, _ any) (none struct{}, err error) { <-ctx.Done(); return none, ctx.Err() }),
		Note.Handle(func(context.Context, any) error { return nil }),
		Slow.Handle(func(ctx context.Context, _ any) error { <-ctx.Done(); return ctx.Err() }),
		Items.Handle(sendItems),
		Collect.Handle(count),
		Hold.Handle(func(ctx context.Context, _ iter.Seq2[any, error]) (int64, error) { <-ctx.Done(); return 0, ctx.Err() }),
		Talk.Handle(talk),
		Order.Handle(func(ctx context.Context, how string) (none struct{}, err error) {
			return none, orders[how](ctx, rpc.Caller(ctx))
		}),
		Done.Handle(func(context.Context, struct{}) (none struct{}, err error) {
			if done != nil {
				done()
			}
			return none, nil
		}),
	}
}

func sendItems(_ context.Context, n int64, send func([]byte) error) error {
	for range n {
		if err := send(make([]byte, 1000)); err != nil {
			return err
		}
	}
	return nil
}

func count(_ context.Context, items iter.Seq2[any, error]) (n int64, err error) {
	for _, err := range items {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func talk(_ context.Context, items iter.Seq2[any, error], send func(any) error) error {
	for item, err := range items {
		if err == nil {
			err = send(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var orders = map[string]func(context.Context, rpc.Peer) error{
	plain: func(ctx context.Context, p rpc.Peer) error { _, err := Asked.Call(ctx, p, struct{}{}); return err },
	stream: func(ctx context.Context, p rpc.Peer) error {
		for range opened.Open(ctx, p, struct{}{}) {
			<-ctx.Done()
		}
		return ctx.Err()
	},
	upload: func(ctx context.Context, p rpc.Peer) error {
		_, err := fed.Call(ctx, p, func(yield func([]byte, error) bool) {
			for yield(make([]byte, 1000), nil) {
			}
		})
		return err
	},
	duplex: func(ctx context.Context, p rpc.Peer) error {
		e, err := chatted.Open(ctx, p)
		if err != nil {
			return err
		}
		defer e.Close()
		<-ctx.Done()
		return ctx.Err()
	},
	notice: func(ctx context.Context, p rpc.Peer) error { return noted.Send(ctx, p, struct{}{}) },
}
