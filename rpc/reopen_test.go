package rpc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// retryingAll is a Peer over several, one after the other; of the last it says that there is no other.
func retryingAll(peers ...rpc.Peer) *rpc.Retrier {
	return rpc.NewRetrier(func(_ context.Context, _ string, not rpc.Peer) (rpc.Peer, error) {
		if i := slices.Index(peers, not); not != nil && i >= 0 && i < len(peers)-1 {
			return peers[i+1], nil
		} else if not != nil {
			return not, nil
		}
		return peers[0], nil
	}, 0)
}

// stuck is a connection whose peer reads nothing, and is being written to: what is sent next waits, and never leaves.
func stuck(t *testing.T) *raw {
	t.Helper()
	r := rawPeer(t, rpc.Options{})
	go func() { _, _ = greet.Call(t.Context(), r.conn, greetRequest{Name: strings.Repeat("x", 2<<20)}) }()
	synctest.Wait()
	return r
}

func TestAFlowWhoseRequestNeverLeftIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, use := range map[string]func(rpc.Peer) (any, error){
			"stream":       func(p rpc.Peer) (any, error) { return collect(count.Open(t.Context(), p, 3)) },
			"upload":       func(p rpc.Peer) (any, error) { return total.Call(t.Context(), p, numbers(4)) },
			"empty upload": func(p rpc.Peer) (any, error) { return total.Call(t.Context(), p, numbers(0)) },
			"duplex": func(p rpc.Peer) (any, error) {
				x, err := upper.Open(t.Context(), p)
				if err != nil {
					return nil, err
				}
				defer x.Close()
				go func() { _ = errors.Join(x.Send("a"), x.Send("b"), x.CloseSend()) }()
				return collect(x.Items())
			},
		} {
			lost := stuck(t)
			whole, _ := rpctest.Pair(t, nil, flows())
			type result struct {
				got any
				err error
			}
			ended := make(chan result, 1)
			go func() {
				got, err := use(retryingAll(lost.conn, whole))
				ended <- result{got, err}
			}()
			synctest.Wait()
			lost.conn.Close()
			r := <-ended
			want := map[string]any{"stream": []int{0, 1, 2}, "upload": 6, "empty upload": 0, "duplex": []string{"A", "B"}}[name]
			if r.err != nil || !equal(r.got, want) {
				t.Errorf("%s: %v, %v, expected %v", name, r.got, r.err, want)
			}
		}
	})
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case []int:
		b, ok := b.([]int)
		return ok && slices.Equal(a, b)
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	}
	return a == b
}

func TestAFlowThatMayHaveBegunIsNotOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := rawPeer(t, rpc.Options{})
		whole, _ := rpctest.Pair(t, nil, flows())
		ended := make(chan error, 1)
		go func() {
			_, err := collect(count.Open(t.Context(), retryingAll(lost.conn, whole), 3))
			ended <- err
		}()
		if f := lost.next(); f.Kind != wire.Request {
			t.Fatalf("a %s", f.Kind)
		}
		lost.conn.Close()
		if err := <-ended; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("%v, delivered: %s", err, rpc.Delivered(err))
		}
	})
}

func TestAFlowThatAPeerHasNoRoomForIsOpenedAgainUntilThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{MaxStreams: 1, Handlers: rpc.NewMux(flows()...)}) // a does not know of the limit
		x, err := upper.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(3*time.Second, x.Close)
		begun := time.Now()
		got, err := collect(count.Open(t.Context(), retrying(a, 0), 3))
		if err != nil || len(got) != 3 || time.Since(begun) < 3*time.Second {
			t.Errorf("%v, %v after %s", got, err, time.Since(begun))
		}
	})
}

func TestClosingAFlowThatIsBeingOpenedAgainEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{MaxStreams: 1, Handlers: rpc.NewMux(flows()...)})
		x, err := upper.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		f, err := retrying(a, 0).Open(t.Context(), &rpc.Message{Kind: rpc.KindStream, Type: string(count), Payload: 3})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- f.Recv(new(int)) }()
		time.Sleep(time.Second)
		f.Close()
		if err := <-ended; err == nil {
			t.Error("an item of a flow that was closed")
		}
	})
}
