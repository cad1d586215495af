package rpc_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// opening is a request for one of the flows.
func opening(n uint64, name string, kind rpc.Kind, items, bytes uint64) wire.Frame {
	return wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: n}, Type: name, Meta: wire.Meta{Opens: string(kind), Items: items, Bytes: bytes}}
}

func credit(k wire.Kind, n, items, bytes uint64) wire.Frame {
	f := of(k, n)
	f.Meta = wire.Meta{Items: items, Bytes: bytes}
	return f
}

// idle handlers take nothing and wait for their context.
func idleFlows() []rpc.Handler {
	return []rpc.Handler{
		count.Handle(func(ctx context.Context, _ int, _ func(int) error) error { <-ctx.Done(); return ctx.Err() }),
		total.Handle(func(ctx context.Context, _ iter.Seq2[int, error]) (int, error) { <-ctx.Done(); return 0, ctx.Err() }),
	}
}

func TestACallerThatBreaksARuleOfStreamsEndsTheConnection(t *testing.T) {
	up, down := opening(5, "flow.total", rpc.KindUpload, 0, 0), opening(5, "flow.count", rpc.KindStream, 1, 1)
	for name, c := range map[string]struct {
		frames []wire.Frame
		want   string
	}{
		"an item beyond the credit":    {append([]wire.Frame{up}, times(of(wire.Upload, 5), 4)...), "stream 5: an item without credit: at most 3 items and 1048576 bytes"},
		"an item behind the end":       {[]wire.Frame{up, of(wire.UploadEnd, 5), of(wire.Upload, 5)}, "stream 5: an item behind its end"},
		"a second end":                 {[]wire.Frame{up, of(wire.UploadEnd, 5), of(wire.UploadEnd, 5)}, "stream 5: a second end"},
		"credit for an upload":         {[]wire.Frame{up, credit(wire.Credit, 5, 1, 1)}, "a frame of kind credit for call 5"},
		"an item of the other side":    {[]wire.Frame{down, of(wire.Upload, 5)}, "a frame of kind upload for call 5"},
		"credit of 2^63 items":         {[]wire.Frame{down, credit(wire.Credit, 5, 1<<63, 0)}, "stream 5: a credit of 9223372036854775808 items and 0 bytes, which makes more than 9007199254740991"},
		"credits that add up to 2^53":  {[]wire.Frame{down, credit(wire.Credit, 5, 0, 1<<53-3), credit(wire.Credit, 5, 0, 2)}, "which makes more than"},
		"two streams of the same name": {[]wire.Frame{down, down}, "a second request with tx 5"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt := handling(idleFlows()...)
				opt.StreamItems = 3
				r := rawPeer(t, opt)
				for _, f := range c.frames {
					r.send(f, nil)
					synctest.Wait() // an upload's handler gives the credit
				}
				if err := r.over(); !errors.Is(err, rpc.Protocol) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, expected %s", err, c.want)
				}
			})
		})
	}
}

func times(f wire.Frame, n int) (all []wire.Frame) {
	for range n {
		all = append(all, f)
	}
	return all
}

func TestACalleeThatBreaksARuleOfStreamsEndsTheConnection(t *testing.T) {
	plain := func(ctx context.Context, p rpc.Peer) error { _, err := lookup.Call(ctx, p, "x"); return err }
	down := func(ctx context.Context, p rpc.Peer) error { // takes nothing
		for _, err := range count.Open(ctx, p, 1) {
			if err != nil {
				return err
			}
			<-ctx.Done()
		}
		return nil
	}
	up := func(ctx context.Context, p rpc.Peer) error { _, err := total.Call(ctx, p, numbers(3)); return err }
	for name, c := range map[string]struct {
		call   func(context.Context, rpc.Peer) error
		frames []wire.Frame
		want   string
	}{
		"an item for a call without streams": {plain, []wire.Frame{of(wire.Item, 1)}, "a frame of kind item for call 1"},
		"an end for a call without streams":  {plain, []wire.Frame{of(wire.End, 1)}, "a frame of kind end for call 1"},
		"an upload credit for a plain call":  {plain, []wire.Frame{credit(wire.UploadCredit, 1, 1, 1)}, "a frame of kind uploadCredit for call 1"},
		"a result for a stream":              {down, []wire.Frame{of(wire.Result, 1)}, "a frame of kind result for call 1"},
		"an end for an upload":               {up, []wire.Frame{of(wire.End, 1)}, "a frame of kind end for call 1"},
		"more items than the window":         {down, times(of(wire.Item, 1), 5), "stream 1: an item without credit: at most 3 items"},
		"an upload credit of 2^63":           {up, []wire.Frame{credit(wire.UploadCredit, 1, 1, 1<<63)}, "which makes more than 9007199254740991"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rawPeer(t, rpc.Options{StreamItems: 3})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				result := make(chan error, 1)
				go func() { result <- c.call(ctx, r.conn) }()
				for r.next().Kind != wire.Request {
				}
				for _, f := range c.frames {
					r.send(f, nil)
				}
				if err := r.over(); !errors.Is(err, rpc.Protocol) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, expected %s", err, c.want)
				}
				cancel()
				<-result
			})
		})
	}
}

func TestARequestThatOpensWhatItsHandlerIsNotIsRefused(t *testing.T) {
	for want, f := range map[string]wire.Frame{
		`message "flow.count" is a stream and was sent as a request`:    opening(1, "flow.count", "", 0, 0),
		`message "flow.count" is a stream and was sent as a duplex`:     opening(1, "flow.count", rpc.KindDuplex, 1, 1),
		`message "flow.count" is a stream and was sent as a relay`:      opening(1, "flow.count", "relay", 1, 1),
		`message "greeter.greet" is a method and was sent as an upload`: opening(1, "greeter.greet", rpc.KindUpload, 0, 0),
	} {
		r := rawPeer(t, handling(append(flows(), greet.Handle(hello))...))
		r.send(f, 1)
		if e := r.nextError(); e.Code != rpc.Invalid || !e.NotStarted || e.Message != want {
			t.Errorf("got %+v, expected %s", e, want)
		}
	}
}

func TestNoItemIsSentWithoutCredit(t *testing.T) {
	r := rawPeer(t, handling(flows()...))
	r.send(opening(1, "flow.count", rpc.KindStream, 2, 1<<20), 100)
	r.takes(wire.Item, wire.Item)
	r.alive() // nothing but the pong
	r.send(credit(wire.Credit, 1, 1, 1000), nil)
	r.takes(wire.Item)
	r.alive()
	r.send(credit(wire.Credit, 1, 100, 0), nil)
	for range 97 {
		r.takes(wire.Item)
	}
	r.takes(wire.End)
}

// takes reads frames of these kinds.
func (r *raw) takes(kinds ...wire.Kind) {
	r.t.Helper()
	for _, k := range kinds {
		if f := r.next(); f.Kind != k {
			r.t.Fatalf("got a %s, expected a %s", f.Kind, k)
		}
	}
}

func TestUploadsBeginWithTheCalleesCredit(t *testing.T) {
	r := rawPeer(t, rpc.Options{})
	result := make(chan error, 1)
	go func() { _, err := total.Call(context.Background(), r.conn, numbers(3)); result <- err }()
	if f := r.next(); f.Kind != wire.Request || f.Meta.Opens != "upload" || f.Payload != nil || f.Meta.Items != 0 {
		t.Fatalf("%+v", f)
	}
	r.alive()
	r.send(credit(wire.UploadCredit, 1, 10, 1000), nil)
	r.takes(wire.Upload, wire.Upload, wire.Upload, wire.UploadEnd)
	r.send(of(wire.Result, 1), 3)
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}
