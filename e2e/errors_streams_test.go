//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	rows   rpc.Stream[number, number] = "odd.rows"
	lines  rpc.Upload[string, number] = "odd.lines"
	wordly rpc.Stream[number, string] = "odd.rows"
)

// openForever handles rows and lines until nobody waits for them.
func openForever() *rpc.Mux {
	return rpc.NewMux(
		rows.Handle(func(ctx context.Context, n number, send func(number) error) error {
			return errors.Join(send(n), untilDone(ctx))
		}),
		lines.Handle(func(ctx context.Context, _ iter.Seq2[string, error]) (number, error) { return number{}, untilDone(ctx) }))
}

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// streams are the errors of calls with streams.
func (c *chapter) streams(t *testing.T) {
	a, _ := rpctest.PairWith(t, rpc.Options{MaxFrame: 1024, MaxStreams: 1, PeerHandles: []rpc.Use{{Name: "odd.rows"}, {Name: "odd.lines"}}}, rpc.Options{Handlers: openForever()})
	_, err := lines.Call(t.Context(), a, func(yield func(string, error) bool) { yield(strings.Repeat("x", 2000), nil) })
	c.meets(err)
	for _, err := range wordly.Open(t.Context(), a, number{N: 1}) { // an item that is no text
		c.meets(err)
	}
	f, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindStream, Type: string(rows), Payload: number{}})
	mustDo(t, err)
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = a.Open(soon, &rpc.Message{Kind: rpc.KindStream, Type: string(rows), Payload: number{}})
	c.meets(err)
	f.Close()
	if err = f.Recv(new(number)); err == io.EOF {
		err = nil
	}
	c.meets(err)

	c.meets(behindTheEnd(t))
	for _, err := range wrongEnds(t) {
		c.meets(err)
	}

	refused := make(chan error, 100) // more than are observed
	r := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Handlers: openForever(), MaxStreams: 1, Observe: func(o rpc.Observation) { refused <- o.Err }})
	go io.Copy(io.Discard, r.stream)
	for i := range uint64(2) {
		r.send(opensStream(i+1, "odd.rows", rpc.KindStream), number{})
	}
	c.meets(<-refused)
}

// behindTheEnd is the error of an item that its sender had said would not come.
func behindTheEnd(t *testing.T) error {
	t.Helper()
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{lines.Handle(func(ctx context.Context, _ iter.Seq2[string, error]) (number, error) { return number{}, untilDone(ctx) })})
	f, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindUpload, Type: string(lines)})
	mustDo(t, err)
	defer f.Close()
	mustDo(t, f.CloseSend())
	return f.Send("late")
}

// wrongEnds are the errors of a Flow that is asked for what its message does not have.
func wrongEnds(t *testing.T) []error {
	t.Helper()
	a, _ := rpctest.PairWith(t, rpc.Options{}, rpc.Options{Handlers: openForever()})
	down, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindStream, Type: string(rows), Payload: number{}})
	mustDo(t, err)
	defer down.Close()
	up, err := a.Open(t.Context(), &rpc.Message{Kind: rpc.KindUpload, Type: string(lines)})
	mustDo(t, err)
	defer up.Close()
	return []error{down.Send(number{}), up.Recv(new(string))}
}

func opensStream(tx uint64, name string, kind rpc.Kind) wire.Frame {
	return wire.Frame{Kind: wire.Request, Type: name, Tx: wire.Tx{N: tx}, Meta: wire.Meta{Opens: string(kind)}}
}

// brokenStreams are the errors of connections whose peer breaks a rule of streams.
func (c *chapter) brokenStreams(t *testing.T) {
	t.Helper()
	down, up, tx := opensStream(1, "odd.rows", rpc.KindStream), opensStream(1, "odd.lines", rpc.KindUpload), wire.Tx{N: 1}
	end, item := wire.Frame{Kind: wire.UploadEnd, Tx: tx}, wire.Frame{Kind: wire.Upload, Tx: tx}
	for name, frames := range map[string][]wire.Frame{
		"too many":       {down, opensStream(2, "odd.rows", rpc.KindStream), opensStream(3, "odd.rows", rpc.KindStream), opensStream(4, "odd.rows", rpc.KindStream), opensStream(5, "odd.rows", rpc.KindStream), opensStream(6, "odd.rows", rpc.KindStream), opensStream(7, "odd.rows", rpc.KindStream), opensStream(8, "odd.rows", rpc.KindStream)},
		"no such stream": {down, item},
		"behind the end": {up, end, item},
		"second end":     {up, end, end},
		"no credit":      {up, item, item, item},
		"huge credit":    {down, {Kind: wire.Credit, Tx: tx, Meta: wire.Meta{Items: 1 << 60}}},
	} {
		r := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Handlers: openForever(), MaxStreams: 1, StreamItems: 1})
		for _, f := range frames {
			r.send(f, nil)
		}
		select {
		case <-r.conn.Done():
			c.meets(r.over())
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the connection goes on", name)
		}
	}
}
