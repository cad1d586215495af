package contender

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// The messages that carry bytes, as an end has them that borrows. On the wire they are the same.
const (
	echoLent rpc.Method[rpc.Borrowed, rpc.Borrowed] = rpc.Method[rpc.Borrowed, rpc.Borrowed](echo)
	downLent rpc.Stream[span, rpc.Borrowed]         = rpc.Stream[span, rpc.Borrowed](down)
	upLent   rpc.Upload[rpc.Borrowed, int64]        = rpc.Upload[rpc.Borrowed, int64](up)
)

// A lent is hotplug with both ends borrowing.
type lent struct{ *hotplugged }

func openLent(ctx context.Context) (Contender, error) {
	c, err := openHotplug(HotplugLent)(ctx)
	if err != nil {
		return nil, err
	}
	return &lent{c.(*hotplugged)}, nil
}

func (l *lent) Echo(ctx context.Context, data []byte) (same []byte, err error) {
	err = echoLent.CallFunc(ctx, l.plugin, data, func(reply rpc.Borrowed) error {
		if len(reply) > len(data) {
			return fmt.Errorf("%d bytes came back, %d were sent", len(reply), len(data))
		}
		same = data[:len(reply)]
		return nil
	})
	return same, err
}

func (l *lent) Down(ctx context.Context, total, chunk int64) (int64, error) {
	return takeUpLent(ctx, downLent.Open(ctx, l.plugin, span{total, chunk}))
}

func serveLent() error {
	plugin.Serve(
		echoLent.Handle(func(_ context.Context, data rpc.Borrowed) (rpc.Borrowed, error) { return data, nil }),
		placing.Handle(func(_ context.Context, o Order) (Order, error) { return o, nil }),
		tell.Handle(func(context.Context, []byte) error { return nil }),
		down.Handle(sendDown),
		upLent.Handle(takeUpLent),
		driveBack.Handle(callBack),
		hold.Handle(holdOpen),
	)
	return nil
}

func takeUpLent(_ context.Context, items iter.Seq2[rpc.Borrowed, error]) (total int64, err error) {
	for item, err := range items {
		if err != nil {
			return total, err
		}
		total += int64(len(item))
	}
	return total, nil
}
