package rpc_test

import (
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestTheLastGoodbyeIsHeardAlsoWhenTheConnectionIsOver(t *testing.T) {
	for range 100 {
		a, b := rpctest.Pair(t, nil, nil)
		if g, said := b.Heard(); said {
			t.Fatalf("nothing was said: %+v", g)
		}
		for _, g := range []rpc.Goodbye{{Then: rpc.GoodbyeStop}, {Then: rpc.GoodbyePark, Lease: time.Second}} {
			if err := a.Goodbye(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.Close()
		<-b.Done()
		if g, said := b.Heard(); !said || g != (rpc.Goodbye{Then: rpc.GoodbyePark, Lease: time.Second}) {
			t.Fatalf("%+v, %v", g, said)
		}
	}
}
