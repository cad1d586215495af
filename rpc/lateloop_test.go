package rpc_test

import (
	"context"
	"iter"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
)

const trade rpc.Duplex[rpc.Borrowed, int] = "test.trade"

// A loop over items may outlive its handler, in another goroutine: what it has borrowed is its own until it asks for the next item.
func TestAnItemIsValidInALoopThatOutlivesItsHandler(t *testing.T) {
	left, right := unixPair(t)
	read, look, over := make(chan bool), make(chan bool), make(chan bool)
	loop := func(items iter.Seq2[rpc.Borrowed, error]) {
		for item, err := range items {
			if err != nil {
				break
			}
			read <- true
			<-look
			if !isItemNo(item, 7, largeItem) {
				t.Error("the item is another one now")
			}
		}
		over <- true
	}
	opt := lending()
	opt.Handlers = opt.Handlers.WithReserved(trade.Handle(func(_ context.Context, items iter.Seq2[rpc.Borrowed, error], _ func(int) error) error {
		go loop(items)
		<-read
		return nil
	}))
	a, b := rpc.NewConn(context.Background(), left, rpc.Options{}), rpc.NewConn(context.Background(), right, opt)
	defer b.Close()
	defer a.Close()
	for range 20 {
		x, err := trade.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Send(itemNo(make([]byte, largeItem), 7)); err != nil {
			t.Fatal(err)
		}
		for range x.Items() { // until the handler has returned
		}
		x.Close()
		if _, err := mirror.Call(t.Context(), a, itemNo(make([]byte, largeItem), 8)); err != nil {
			t.Fatal(err)
		}
		look <- true
		<-over
	}
}
