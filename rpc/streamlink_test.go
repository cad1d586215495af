package rpc_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
)

// A badLink carries the bytes of two ends in pieces, late, and perhaps not all of them.
type badLink struct {
	a, b net.Conn
	cut  atomic.Bool
	wg   sync.WaitGroup
}

// newBadLink takes from the script how it treats each direction.
func newBadLink(s *tape) *badLink {
	a, left := pipe.New(1 << s.pick(12))
	b, right := pipe.New(1 << s.pick(12))
	l := &badLink{a: a, b: b}
	l.carry(s, left, right)
	l.carry(s, right, left)
	return l
}

func (l *badLink) carry(s *tape, from, to net.Conn) {
	piece, pause, limit := 1+s.pick(256), time.Duration(s.pick(4))*time.Millisecond, 1<<30
	if s.pick(2) == 1 {
		limit = s.pick(256) * (1 + s.pick(16))
	}
	l.wg.Go(func() {
		defer from.Close()
		defer to.Close()
		for buf := make([]byte, piece); ; time.Sleep(pause) {
			n, err := from.Read(buf)
			if limit -= n; limit < 0 {
				n += limit
				l.cut.Store(true)
			}
			_, failed := to.Write(buf[:n])
			if err != nil || failed != nil || limit < 0 {
				return
			}
		}
	})
}

// A deal is one call between two ends: what each is to do, and what has passed between them.
type deal struct {
	kind            rpc.Kind // empty: a plain call
	caller, handler []byte   // one for each thing to do
	patience        time.Duration
	t               *testing.T

	ran                        atomic.Int32 // handlers
	up, down                   lane
	reported, heard            atomic.Int64 // reports of progress
	gaveUp                     atomic.Bool  // the caller has left, or its context has ended
	handlerSawEnd, callerClose atomic.Bool
}

// A lane is what passed in one direction.
type lane struct{ tried, sent, got atomic.Int64 }

// send sends the next number.
func (l *lane) send(send func(int) error) error {
	n := l.tried.Add(1) - 1
	err := send(int(n))
	if err == nil {
		l.sent.Add(1)
	} else {
		l.tried.Store(n) // the next one has its number; it may have come all the same, if the call is over
	}
	return err
}

// take notes a number that came.
func (l *lane) take(t *testing.T, v int) {
	if want := l.got.Add(1) - 1; int64(v) != want {
		t.Errorf("item %d came where %d was due", v, want)
	}
}

// handle is every handler: it does what its deal says.
func (d *deal) handle(ctx context.Context, recv func() (int, error, bool), send func(int) error) error {
	d.ran.Add(1)
	for _, b := range d.handler {
		switch b % 12 {
		case 0, 1, 2, 3:
			if send != nil {
				if err := d.down.send(send); err != nil && ctx.Err() == nil {
					d.t.Errorf("a handler's send: %v", err)
				}
			}
		case 4, 5, 6, 7:
			d.handlerTakes(recv)
		case 8:
			d.reported.Add(1)
			rpc.Report(ctx, rpc.Progress{Done: d.reported.Load()})
		case 9:
			time.Sleep(time.Duration(b) * time.Millisecond)
		case 10:
			<-ctx.Done()
			return ctx.Err()
		case 11:
			if b > 128 {
				panic("as told")
			}
			return rpc.Errorf(rpc.Conflict, "as told")
		}
	}
	return nil
}

func (d *deal) handlerTakes(recv func() (int, error, bool)) {
	if recv == nil {
		return
	}
	switch v, err, more := recv(); {
	case !more:
		d.handlerSawEnd.Store(true)
	case err == nil:
		d.up.take(d.t, v)
	default:
		d.gaveUp.Store(true) // what the handler sees of it: no end that counts
	}
}

// dealHandlers find their deal by a header.
func dealHandlers(find func(id string) *deal) *rpc.Mux {
	of := func(ctx context.Context) *deal { return find(rpc.Headers(ctx)["deal"]) }
	pull := func(ctx context.Context, items iter.Seq2[int, error], send func(int) error) error {
		recv, stop := iter.Pull2(items)
		defer stop()
		return of(ctx).handle(ctx, recv, send)
	}
	return rpc.NewMux(
		rpc.Stream[int, int]("d.stream").Handle(func(ctx context.Context, _ int, send func(int) error) error { return of(ctx).handle(ctx, nil, send) }),
		rpc.Upload[int, int]("d.upload").Handle(func(ctx context.Context, items iter.Seq2[int, error]) (int, error) {
			return 1, pull(ctx, items, nil)
		}),
		rpc.Duplex[int, int]("d.duplex").Handle(pull),
		rpc.Method[int, int]("d.").Handle(func(ctx context.Context, _ int) (int, error) { return 1, of(ctx).handle(ctx, nil, nil) }))
}

// call makes the call, and returns when it is over.
func (d *deal) call(c *rpc.Conn, id string) {
	ctx, cancel := context.WithTimeout(context.Background(), d.patience)
	defer cancel()
	m := &rpc.Message{Kind: d.kind, Type: "d." + string(d.kind), Payload: 1, Headers: map[string]string{"deal": id}}
	ctx = rpc.OnProgress(ctx, func(p rpc.Progress) {
		if before := d.heard.Swap(p.Done); p.Done <= before {
			d.t.Errorf("report %d behind report %d", p.Done, before)
		}
	})
	if d.kind == "" {
		var v int
		m.Kind = rpc.KindMethod
		if err := c.Invoke(ctx, m, &v); err == nil {
			d.mustHaveHeardAll()
		}
		return
	}
	if d.kind != rpc.KindStream {
		m.Payload = nil
	}
	f, err := c.Open(ctx, m)
	if err != nil {
		return
	}
	defer f.Close()
	d.converse(f, cancel)
}

// converse sends in a goroutine of its own, and does the rest in this one.
func (d *deal) converse(f rpc.Flow, cancel context.CancelFunc) {
	var sending sync.WaitGroup
	succeeded := false
	defer func() {
		cancel()
		sending.Wait() // it may have a report in hand
		if succeeded {
			d.mustHaveHeardAll()
		}
	}()
	if d.kind != rpc.KindStream {
		sending.Go(func() { d.callerSends(f) })
	}
	for _, b := range d.caller {
		switch b % 8 {
		case 5:
			time.Sleep(time.Duration(b) * time.Millisecond)
		case 6:
			if b > 200 {
				d.gaveUp.Store(true)
				cancel()
			}
		case 7:
			if b > 200 {
				d.gaveUp.Store(true)
				return
			}
		default:
			var over bool
			if over, succeeded = d.callerTakes(f); over {
				return
			}
		}
	}
	d.gaveUp.Store(true)
}

func (d *deal) callerSends(f rpc.Flow) {
	for _, b := range d.caller {
		if b%8 == 4 {
			d.callerClose.Store(true)
			if err := f.CloseSend(); err != nil {
				d.t.Errorf("CloseSend: %v", err)
			}
			return
		}
		if d.up.send(func(v int) error { return f.Send(v) }) != nil {
			return
		}
	}
}

// callerTakes reports whether the call is over, and whether it has succeeded.
func (d *deal) callerTakes(f rpc.Flow) (over, succeeded bool) {
	var v int
	if d.kind == rpc.KindUpload {
		return true, f.Result(&v) == nil
	}
	err := f.Recv(&v)
	if err == nil {
		d.down.take(d.t, v)
		return false, false
	}
	answered := err == io.EOF || rpc.CodeOf(err) == rpc.Conflict || rpc.CodeOf(err) == rpc.Internal
	if answered && d.down.got.Load() != d.down.sent.Load() {
		d.t.Errorf("the stream ended with %v behind %d items of %d", err, d.down.got.Load(), d.down.sent.Load())
	}
	return true, err == io.EOF
}

func (d *deal) mustHaveHeardAll() {
	if d.heard.Load() != d.reported.Load() {
		d.t.Errorf("%s: the last report was %d, and %d came", d.kind, d.reported.Load(), d.heard.Load())
	}
}

// judge compares what both ends have seen of the call.
func (d *deal) judge() error {
	switch {
	case d.ran.Load() > 1:
		return fmt.Errorf("the handler ran %d times", d.ran.Load())
	case d.up.got.Load() > d.up.sent.Load()+1, d.down.got.Load() > d.down.sent.Load()+1: // a send that failed may have come
		return fmt.Errorf("more came than was sent: %d of %d up, %d of %d down", d.up.got.Load(), d.up.sent.Load(), d.down.got.Load(), d.down.sent.Load())
	case d.handlerSawEnd.Load() && !d.gaveUp.Load() && (!d.callerClose.Load() || d.up.got.Load() != d.up.sent.Load()):
		return fmt.Errorf("the handler saw an end behind %d items of %d; the caller said so: %v", d.up.got.Load(), d.up.sent.Load(), d.callerClose.Load())
	}
	return nil
}
