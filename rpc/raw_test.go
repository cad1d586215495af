package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A raw peer writes frames by hand, as no Conn would.
type raw struct {
	t      testing.TB
	stream net.Conn
	format wire.Format
	reader *wire.Reader
	conn   *rpc.Conn // the other end
}

func rawPeer(t testing.TB, opt rpc.Options) *raw {
	t.Helper()
	left, right := pipe.New(0)
	return rawOn(t, left, right, opt)
}

// rawOn is a raw peer at the right end of a stream.
func rawOn(t testing.TB, left, right net.Conn, opt rpc.Options) *raw {
	t.Helper()
	if opt.Serializer == nil {
		opt.Serializer = codec.MessagePackSerializer{}
	}
	r := &raw{t: t, stream: right, format: wire.FormatOf(opt.Serializer), reader: wire.NewReader(right), conn: rpc.NewConn(context.Background(), left, opt)}
	r.reader.SetFraming(r.format, 64<<20)
	t.Cleanup(func() {
		r.conn.Close()
		right.Close()
	})
	return r
}

func handling(h ...rpc.Handler) rpc.Options {
	return rpc.Options{Handlers: rpc.NewMux(h...), Side: rpc.FromPlugin}
}

// frame encodes one frame.
func (r *raw) frame(f wire.Frame, payload any) []byte {
	r.t.Helper()
	b, err := r.format.Append(nil, &f, payload, 64<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *raw) send(f wire.Frame, payload any) {
	r.t.Helper()
	r.write(r.frame(f, payload))
}

// write may fail: the other end may have had enough.
func (r *raw) write(b []byte) { _, _ = r.stream.Write(b) }

// next reads a frame.
func (r *raw) next() wire.Frame {
	r.t.Helper()
	buf, err := r.reader.Frame()
	if err != nil {
		r.t.Fatal(err)
	}
	f, err := r.format.Decode(bytes.Clone(buf.B))
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// nextError reads an error frame.
func (r *raw) nextError() *rpc.Error {
	r.t.Helper()
	f := r.next()
	var e rpc.Error
	if err := r.format.DecodePayload(&f, &e); f.Kind != wire.Error || err != nil {
		r.t.Fatalf("got a %s of tx %s, %v; expected an error", f.Kind, f.Tx, err)
	}
	return &e
}

// alive proves that the connection still answers, and that it has read all that was sent before.
func (r *raw) alive() {
	r.t.Helper()
	r.send(wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: 77}}, nil)
	for {
		if f := r.next(); f.Kind == wire.Pong && f.Tx.N == 77 {
			return
		}
	}
}

// over waits for the connection's end and returns why.
func (r *raw) over() error {
	<-r.conn.Done()
	return r.conn.Err()
}

// blocking is a handler of greet that runs until its context or the test ends.
func blocking(t testing.TB) rpc.Handler {
	return greet.Handle(func(ctx context.Context, _ greetRequest) (greeting, error) {
		select {
		case <-ctx.Done():
		case <-t.Context().Done():
		}
		return greeting{}, context.Canceled
	})
}

func asError(t testing.TB, err error) *rpc.Error {
	t.Helper()
	var e *rpc.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T %v, expected an *rpc.Error", err, err)
	}
	return e
}
