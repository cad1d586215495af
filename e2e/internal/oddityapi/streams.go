package oddityapi

import (
	"cmp"
	"context"
	"iter"

	"github.com/go-hotplug/hotplug/rpc"
)

// Answered by the plugin.
const (
	Count rpc.Stream[Number, Number] = "oddity.count" // 1 to N, with a report of progress for each; N < 0: without end
	Sum   rpc.Upload[Number, Number] = "oddity.sum"
	Chat  rpc.Duplex[Number, Number] = "oddity.chat" // each item, negated

	// Ended tells how many handlers of Count have ended.
	Ended rpc.Query[struct{}, Number] = "oddity.ended"

	// Goroutines tells how many the plugin has.
	Goroutines rpc.Query[struct{}, Number] = "oddity.goroutines"

	// Stubborn and those below it end when they are released, whatever their contexts say.
	Stubborn       rpc.Method[Number, Number]   = "oddity.stubborn"
	StubbornStream rpc.Stream[Number, Number]   = "oddity.stubbornStream" // the number first
	StubbornUpload rpc.Upload[Number, Number]   = "oddity.stubbornUpload" // reads one item
	Waiting        rpc.Query[struct{}, Number]  = "oddity.waiting"        // how many of them have begun to wait
	Release        rpc.Method[struct{}, Number] = "oddity.release"        // says the same
)

// Answered by the host, and by the plugin, which passes them on to its host.
const (
	HostCount rpc.Stream[Number, Number] = "e2e.count"
	HostSum   rpc.Upload[Number, Number] = "e2e.sum"
	HostChat  rpc.Duplex[Number, Number] = "e2e.chat"

	// Heard is the sum of all Told.
	Heard rpc.Query[struct{}, Number] = "e2e.heard"

	// HostEnded tells how many handlers of these streams have ended.
	HostEnded rpc.Query[struct{}, Number] = "e2e.ended"
)

// Counted answers Count and HostCount. 13 is an error, 14 a panic.
func Counted(ctx context.Context, to Number, send func(Number) error) error {
	for n := int64(1); n != to.N+1; n++ {
		rpc.Report(ctx, rpc.Progress{Done: n, Total: to.N})
		if err := send(Number{n}); err != nil {
			return err
		}
	}
	switch to.N {
	case 13:
		return rpc.Errorf(rpc.Conflict, "thirteen")
	case 14:
		panic("fourteen")
	}
	return nil
}

// Summed answers Sum and HostSum. It reports how many items have arrived, and does not wait for what follows a -1. An item of -13 is an error, of
// -14 a panic; and for Negated, too.
func Summed(ctx context.Context, items iter.Seq2[Number, error]) (sum Number, err error) {
	var done int64
	for item, err := range items {
		if err := cmp.Or(err, trouble(item)); err != nil {
			return sum, err
		}
		sum.N += item.N
		done++
		rpc.Report(ctx, rpc.Progress{Done: done})
		if item.N == -1 {
			return sum, nil
		}
	}
	return sum, nil
}

// Negated answers Chat and HostChat. It reports how many items have arrived.
func Negated(ctx context.Context, items iter.Seq2[Number, error], send func(Number) error) error {
	var done int64
	for item, err := range items {
		if err := cmp.Or(err, trouble(item)); err != nil {
			return err
		}
		done++
		rpc.Report(ctx, rpc.Progress{Done: done})
		if err := send(Number{-item.N}); err != nil {
			return err
		}
	}
	return nil
}
