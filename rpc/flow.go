package rpc

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Flow is one call with streams, open, as a Peer hands it to a contract: Stream.Open, Upload.Call and Duplex.Open are made of it, and are what
// programs call. It ends with the ctx that it was opened with. One goroutine may send while another receives.
type Flow interface {
	// Send sends an item of the caller's stream. It blocks until the callee has room for it. Once the call is over it returns its
	// error, or io.EOF if it has none.
	Send(item any) error

	// CloseSend says that no more items follow: a Send behind it fails. Saying it twice is no error.
	CloseSend() error

	// Recv decodes the next item of the callee's stream into item, a non-nil pointer. It blocks until there is one. Behind the last one
	// it returns the call's error, or io.EOF if it has none.
	Recv(item any) error

	// Result waits for the end of the call and decodes the reply of an upload into reply, a non-nil pointer. The reply is decoded once: a second
	// Result returns the same error and leaves its reply as it is.
	Result(reply any) error

	// Close ends the call if it is not over, and frees what it holds. It does not wait for the handler. Closing twice is no error.
	Close()
}

// flow is the caller's end of a call with streams.
type flow struct {
	c     *Conn
	ctx   context.Context // of Open: the call ends with it, and middleware gets it
	m     *Message
	p     *pending
	in    *inlet  // nil: the callee sends no items
	out   *outlet // nil: the caller sends none
	shut  bool    // CloseSend was called; of the goroutine that sends
	begun time.Time
	stop  func() bool // the call does not end with ctx any more
	lease lease       // of the last item; of the goroutine that receives

	once sync.Once // guards err
	err  error     // what the call ended with
}

// Open implements Peer.
func (c *Conn) Open(ctx context.Context, m *Message) (Flow, error) {
	begun := c.begun()
	own, call := c.begin(m, begun)
	f, err := c.open(ctx, own)
	if err != nil {
		c.end(call, err)
		c.observe(Observation{Type: m.Type, Kind: m.Kind, Err: err}, begun)
		return nil, err
	}
	f.begun = begun
	f.stop = context.AfterFunc(ctx, func() { f.giveUp(fromContext(ctx, m.Type)) })
	return f, nil
}

func (c *Conn) open(ctx context.Context, m *Message) (*flow, error) {
	if c.profile != hotplug {
		return nil, NotSent(Unimplemented, "%s: the peer speaks %s, which has no streams", m.Type, ProtocolIsolatedWorkers)
	}
	if err := c.check(m); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, withoutSending(ctx, m.Type)
	}
	m, err := c.outgoing(ctx, m)
	if err != nil {
		return nil, err
	}
	f := &flow{c: c, ctx: ctx, m: m}
	if f.p, err = c.start(ctx, m, f, deadlineOf(ctx)); err != nil {
		return nil, err
	}
	return f, nil
}

// pending is the entry of a flow in the table of calls.
func (f *flow) pending(tx wire.Tx) *pending {
	p := &pending{tx: tx, reply: make(chan struct{}), flow: f}
	if f.m.Kind.uploads() {
		f.out = new(outlet)
	}
	if f.m.Kind.downloads() {
		f.in = newInlet(f.c.window())
	}
	return p
}

// giveUp ends the call from this side, unless it is over.
func (f *flow) giveUp(err *Error) {
	if !f.c.leave(f.p) {
		return
	}
	err.unsent = !f.c.quit(f.p)
	f.p.failure = err
	if f.in != nil {
		f.in.close()
	}
	f.p.settle(wire.Frame{}, nil)
	f.c.in.interrupt()
}

// await blocks until the call is settled, or wake is ready. A flow whose ctx ends is settled.
func (f *flow) await(wake <-chan struct{}) { f.c.in.await(context.Background(), f.p, wake) }

// Close implements Flow.
func (f *flow) Close() {
	f.giveUp(&Error{Code: Canceled, Message: f.m.Type + ": the caller closed the stream", Origin: FromTransport})
	<-f.p.reply
	_ = f.end(nil)
	if f.in != nil {
		f.in.close()
	}
}

// end returns what the call, which is over, ended with. The first to ask decodes the reply.
func (f *flow) end(reply any) error {
	f.once.Do(func() {
		f.stop()
		f.err = f.finish(reply)
		f.c.end(f.m.Call, f.err)
		f.c.observe(Observation{Type: f.m.Type, Kind: f.m.Kind, Err: f.err}, f.begun)
	})
	return f.err
}

func (f *flow) finish(reply any) error {
	if f.p.failure != nil {
		return f.p.failure
	}
	if reply == nil {
		reply = new(any)
	}
	return f.c.finish(f.ctx, f.m, f.p, reply)
}

// over is the error of a Send or Recv on a call that is over. The reply of an upload stays for Result to decode.
func (f *flow) over() error {
	if f.p.buf != nil && f.p.frame.Kind == wire.Result {
		return io.EOF
	}
	if err := f.end(nil); err != nil {
		return err
	}
	return io.EOF
}

// Result implements Flow.
func (f *flow) Result(reply any) error {
	f.await(nil)
	return f.end(reply)
}

// Recv implements Flow.
func (f *flow) Recv(item any) error {
	if f.in == nil {
		return NotSent(Invalid, "%s: Recv on an upload, which is answered with one reply: take it with Result", f.m.Type)
	}
	for {
		over := f.p.isOver() // before the looks at reports and items: what arrived before the end is still delivered
		f.p.news.deliver()
		if next, ok := f.in.take(); ok {
			return f.receive(next, item)
		}
		if over {
			return f.over()
		}
		f.await(f.in.wake)
	}
}

// receive decodes an item and gives the callee credit for it, which is of no use to a call that is over.
func (f *flow) receive(next arrivedItem, item any) error {
	if !f.p.isOver() {
		f.c.grant(wire.Credit, f.p.tx, f.in)
	}
	return f.c.readItem(f.ctx, f.m, next, item, &f.lease)
}

// Send implements Flow.
func (f *flow) Send(item any) error {
	if f.out == nil {
		return NotSent(Invalid, "%s: Send on a stream, whose caller sends no items", f.m.Type)
	}
	if f.shut && !f.p.isOver() {
		return NotSent(Invalid, "%s: an item was sent behind CloseSend, which says that none follows: send it before", f.m.Type)
	}
	buf, err := f.c.itemFrame(f.ctx, f.m, wire.Frame{Kind: wire.Upload, Tx: f.p.tx}, item)
	if err != nil {
		return err
	}
	for {
		if f.p.isOver() {
			buf.Release()
			return f.over()
		}
		room, ok := f.out.spend(f.c.size(buf))
		if ok {
			break
		}
		f.await(room)
	}
	if err := f.c.out.send(f.ctx, buf, nested, ofItem(buf)); err != nil {
		<-f.p.reply // ctx or the connection has ended, and the call with it
		return f.over()
	}
	return nil
}

// CloseSend implements Flow.
func (f *flow) CloseSend() error {
	if f.out == nil || f.shut || f.p.isOver() {
		return nil // the callee knows, or did not wait for the rest
	}
	f.shut = true
	buf, err := f.c.encode(&wire.Frame{Kind: wire.UploadEnd, Tx: f.p.tx}, nil)
	if err != nil {
		return NotSent(Invalid, "encode %s: %w", f.m.Type, err)
	}
	if err := f.c.out.send(f.ctx, buf, nested, now); err != nil {
		<-f.p.reply
	}
	return nil
}
