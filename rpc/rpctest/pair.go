package rpctest

import (
	"context"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
)

// Pair returns two connected ends: a answers what handlers of a say, b those of b. Each knows what the other handles, as after a
// handshake. Both are closed when the test ends.
func Pair(t testing.TB, a, b []rpc.Handler) (*rpc.Conn, *rpc.Conn) {
	t.Helper()
	return PairWith(t, rpc.Options{Handlers: rpc.NewMux(a...), Side: rpc.FromHost}, rpc.Options{Handlers: rpc.NewMux(b...), Side: rpc.FromPlugin})
}

// PairWith is Pair with all the options of a connection. PeerHandles is filled in where it is nil.
func PairWith(t testing.TB, a, b rpc.Options) (*rpc.Conn, *rpc.Conn) {
	t.Helper()
	describe(&a, &b)
	describe(&b, &a)
	left, right := pipe.New(0)
	ca, cb := rpc.NewConn(context.Background(), left, a), rpc.NewConn(context.Background(), right, b)
	t.Cleanup(func() {
		ca.Close()
		cb.Close()
		awaitHandlers(t, ca, cb)
	})
	return ca, cb
}

// stubborn is how long a handler may go on after its test, in time of the test's bubble, if it has one.
const stubborn = 10 * time.Second

// awaitHandlers waits for handlers, whose contexts have ended: one that goes on would be in the way of the next test, and ends a bubble with a panic that
// names nobody.
func awaitHandlers(t testing.TB, ends ...*rpc.Conn) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		n := 0
		for _, c := range ends {
			n += c.Stats().Serving
		}
		if n == 0 {
			return
		}
		if time.Since(begun) > stubborn {
			t.Errorf("rpctest: %d handlers run %s after the test has ended: let them return when their contexts end", n, stubborn)
			return
		}
	}
}

func describe(o, peer *rpc.Options) {
	if o.PeerHandles != nil {
		return
	}
	o.PeerHandles = []rpc.Use{}
	if peer.Handlers != nil {
		o.PeerHandles = append(o.PeerHandles, peer.Handlers.Uses()...)
	}
}
