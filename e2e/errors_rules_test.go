//go:build linux

package e2e_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// A rawPeer writes frames by hand, as no connection of the library does.
type rawPeer struct {
	t      *testing.T
	stream net.Conn
	format wire.Format
	conn   *rpc.Conn // the other end
}

func newRawPeer(t *testing.T, serializer codec.Serializer, o rpc.Options) *rawPeer {
	t.Helper()
	o.Serializer = serializer
	left, right := pipe.New(0)
	r := &rawPeer{t: t, stream: right, format: wire.FormatOf(serializer), conn: rpc.NewConn(t.Context(), left, o)}
	t.Cleanup(func() {
		r.conn.Close()
		right.Close()
	})
	return r
}

func (r *rawPeer) send(f wire.Frame, payload any) {
	r.t.Helper()
	b, err := r.format.Append(nil, &f, payload, 64<<20)
	mustDo(r.t, err)
	_, _ = r.stream.Write(b) // the other end may have had enough
}

// over waits for the connection's end and returns why.
func (r *rawPeer) over() error {
	<-r.conn.Done()
	return r.conn.Err()
}

// brokenRules are the errors of connections whose peer breaks the protocol.
func (c *chapter) brokenRules(t *testing.T) {
	t.Helper()
	forever := oddityapi.Slow.Handle(func(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
		<-ctx.Done()
		return n, nil
	})
	for name, breakRule := range map[string]func(*rawPeer){
		"too large": func(r *rawPeer) { _, _ = r.stream.Write([]byte{0x7f, 0, 0, 0}) },
		"corrupt":   func(r *rawPeer) { _, _ = r.stream.Write([]byte{0, 0, 0, 1, 0xc1}) },
		"headers": func(r *rawPeer) {
			headers := map[string]string{}
			for n := range 129 {
				headers[strings.Repeat("h", n+1)] = "v"
			}
			r.send(wire.Frame{Kind: wire.Request, Tx: wire.Tx{N: 1}, Type: "m", Meta: wire.Meta{Headers: headers}}, nil)
		},
		"kind": func(r *rawPeer) { r.send(wire.Frame{Kind: 50, Tx: wire.Tx{N: 1}}, nil) },
		"half": func(r *rawPeer) {
			_, _ = r.stream.Write([]byte{0, 0, 0, 9, 1})
			r.stream.Close()
		},
		"no tx": func(r *rawPeer) { r.send(wire.Frame{Kind: wire.Request, Type: "m"}, nil) },
		"twice": func(r *rawPeer) {
			for range 2 {
				r.send(wire.Frame{Kind: wire.Request, Type: "oddity.slow", Tx: wire.Tx{N: 1}}, oddityapi.Number{})
			}
		},
		"too many": func(r *rawPeer) {
			for i := range uint64(10) {
				r.send(wire.Frame{Kind: wire.Request, Type: "oddity.slow", Tx: wire.Tx{N: i + 1}}, oddityapi.Number{})
			}
		},
		"credit": func(r *rawPeer) { r.send(wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 3}}, nil) },
		"notice": func(r *rawPeer) { r.send(wire.Frame{Kind: wire.Notice, Type: "m", Tx: wire.Tx{N: 5}}, nil) },
	} {
		r := newRawPeer(t, codec.MessagePackSerializer{}, rpc.Options{Handlers: rpc.NewMux(forever), MaxInflight: 1})
		breakRule(r)
		select {
		case <-r.conn.Done():
			c.meets(r.over())
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the connection goes on", name)
		}
	}
}

// leaving are the errors of a connection that is asked to finish and cannot.
func (c *chapter) leaving(t *testing.T) {
	t.Helper()
	running := make(chan struct{})
	a, b := rpctest.Pair(t, nil, []rpc.Handler{oddityapi.Slow.Handle(func(ctx context.Context, n oddityapi.Number) (oddityapi.Number, error) {
		close(running)
		<-ctx.Done()
		return n, nil
	})})
	go oddityapi.Slow.Call(t.Context(), a, oddityapi.Number{})
	<-running
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	c.meets(b.Drain(soon))
	c.asWritten(elsewhere, "the peer does not read the answers")
}
