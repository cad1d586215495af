package rpc_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A deafEnd is a stream whose peer reads no more, from some moment on: writing fails, and what the peer wrote before is still there.
type deafEnd struct {
	net.Conn
	deaf atomic.Bool
}

func (d *deafEnd) Write(b []byte) (int, error) {
	if d.deaf.Load() {
		return 0, syscall.EPIPE
	}
	return d.Conn.Write(b)
}

// deafPeer is a raw peer to whose Conn writing can be made to fail.
func deafPeer(t *testing.T) (*raw, *deafEnd) {
	left, right := pipe.New(0)
	end := &deafEnd{Conn: left}
	format := wire.FormatOf(codec.MessagePackSerializer{})
	r := &raw{t: t, stream: right, format: format, reader: wire.NewReader(right), conn: rpc.NewConn(context.Background(), end, rpc.Options{})}
	r.reader.SetFraming(format, 64<<20)
	t.Cleanup(func() {
		r.conn.Close()
		right.Close()
	})
	return r, end
}

func TestTheAnswersOfAPeerThatClosesAreReadThoughWritingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := deafPeer(t)
		result := make(chan error, 1)
		go func() { _, err := lookup.Call(context.Background(), r.conn, "x"); result <- err }()
		r.takes(wire.Request)
		end.deaf.Store(true)
		if err := wave.Send(t.Context(), r.conn, 1); err != nil { // is queued, and never leaves
			t.Fatal(err)
		}
		synctest.Wait()
		r.send(of(wire.Result, 1), 7)
		r.stream.Close()
		if err := <-result; err != nil {
			t.Errorf("the answer was lost: %v", err)
		}
		<-r.conn.Done()
	})
}

func TestAConnectionThatTakesNoMoreAndDoesNotEndIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := deafPeer(t)
		end.deaf.Store(true)
		_, err := lookup.Call(t.Context(), r.conn, "x")
		if !errors.Is(err, rpc.Unavailable) || !errors.Is(r.over(), syscall.EPIPE) {
			t.Errorf("%v, %v", err, r.over())
		}
	})
}
