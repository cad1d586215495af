package contender

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// The messages of hotplug's plugin, and the one that its host answers.
const (
	echo      rpc.Method[[]byte, []byte]   = "bench.echo"
	placing   rpc.Method[Order, Order]     = "bench.place"
	tell      rpc.Notice[[]byte]           = "bench.tell"
	down      rpc.Stream[span, []byte]     = "bench.down"
	up        rpc.Upload[[]byte, int64]    = "bench.up"
	driveBack rpc.Method[Drive, Driven]    = "bench.drive"
	hold      rpc.Stream[struct{}, []byte] = "bench.hold"

	answer rpc.Method[[]byte, []byte] = "benchhost.answer"
)

type span struct {
	Total int64 `msgpack:"total" json:"total"`
	Chunk int64 `msgpack:"chunk" json:"chunk"`
}

func (h *hotplugged) Echo(ctx context.Context, data []byte) ([]byte, error) {
	return echo.Call(ctx, h.plugin, data)
}

func (h *hotplugged) Place(ctx context.Context) error {
	return same(placing.Call(ctx, h.plugin, order))
}

func (h *hotplugged) Tell(ctx context.Context, data []byte) error {
	return tell.Send(ctx, h.plugin, data)
}

func (h *hotplugged) Settle(ctx context.Context) error {
	for {
		n, known := rpc.Unhandled(h.plugin)
		if !known {
			return errors.New("the plugin does not say how many notices it has not handled")
		}
		if n == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(50 * time.Microsecond)
	}
}

func (h *hotplugged) Down(ctx context.Context, total, chunk int64) (read int64, err error) {
	for item, err := range down.Open(ctx, h.plugin, span{total, chunk}) {
		if err != nil {
			return read, err
		}
		read += int64(len(item))
	}
	return read, nil
}

func (h *hotplugged) Up(ctx context.Context, total, chunk int64) (int64, error) {
	return up.Call(ctx, h.plugin, rpc.Items(chunks(total, chunk)))
}

// chunks yields the same buffer again and again.
func chunks(total, chunk int64) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		buffer := make([]byte, chunk)
		for left := total; left > 0 && yield(buffer[:min(left, chunk)]); left -= chunk {
		}
	}
}

func (h *hotplugged) Drive(ctx context.Context, d Drive) (Driven, error) {
	return driveBack.Call(ctx, h.plugin, d)
}

func (h *hotplugged) Hold(ctx context.Context, n int) (func() error, error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	release := func() error { cancel(); all.Wait(); return nil }
	opened := make(chan error, n) // each stream sends once
	for range n {
		all.Go(func() {
			first := true
			for _, err := range hold.Open(ctx, h.plugin, struct{}{}) {
				if first {
					opened <- err
				}
				first = false
			}
		})
	}
	for range n {
		if err := <-opened; err != nil {
			return nil, errors.Join(err, release())
		}
	}
	return release, nil
}

func echoed(_ context.Context, data []byte) ([]byte, error) { return data, nil }

func serveHotplug() error {
	plugin.Serve(
		echo.Handle(echoed),
		placing.Handle(func(_ context.Context, o Order) (Order, error) { return o, nil }),
		tell.Handle(func(context.Context, []byte) error { return nil }),
		down.Handle(sendDown),
		up.Handle(takeUp),
		driveBack.Handle(callBack),
		hold.Handle(holdOpen),
	)
	return nil
}

func holdOpen(ctx context.Context, _ struct{}, send func([]byte) error) error {
	if err := send([]byte{1}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func sendDown(_ context.Context, s span, send func([]byte) error) error {
	for item := range chunks(s.Total, s.Chunk) {
		if err := send(item); err != nil {
			return err
		}
	}
	return nil
}

func takeUp(_ context.Context, items iter.Seq2[[]byte, error]) (total int64, err error) {
	for item, err := range items {
		if err != nil {
			return total, err
		}
		total += int64(len(item))
	}
	return total, nil
}

func callBack(ctx context.Context, d Drive) (Driven, error) {
	host := rpc.Caller(ctx)
	return drive(d, func(data []byte) error {
		_, err := answer.Call(ctx, host, data)
		return err
	})
}
