package oddityapi

import (
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
)

// Answered by the host, and by the plugin, which passes them on to its host.
const (
	HostCount rpc.Stream[Number, Number] = "e2e.count"
	HostSum   rpc.Upload[Number, Number] = "e2e.sum"
	HostChat  rpc.Duplex[Number, Number] = "e2e.chat"

	// Heard is the sum of all Told.
	Heard rpc.Query[struct{}, Number] = "e2e.heard"
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

// Summed answers Sum and HostSum. It does not wait for what follows a -1.
func Summed(_ context.Context, items iter.Seq2[Number, error]) (sum Number, err error) {
	for item, err := range items {
		if err != nil {
			return sum, err
		}
		sum.N += item.N
		if item.N == -1 {
			return sum, nil
		}
	}
	return sum, nil
}

// Negated answers Chat and HostChat.
func Negated(_ context.Context, items iter.Seq2[Number, error], send func(Number) error) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		if err := send(Number{-item.N}); err != nil {
			return err
		}
	}
	return nil
}
