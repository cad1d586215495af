package rpc

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// newInbound is a request that arrived, with the streams that it opens. Its error ends the connection.
func (c *Conn) newInbound(f wire.Frame, buf *wire.Buffer) (*inbound, error) {
	in, used := c.used.Get().(*inbound)
	if !used {
		in = new(inbound)
	}
	*in = inbound{conn: c, frame: f, buf: buf, opens: Kind(f.Meta.Opens), scope: c.newScope(&f.Meta)}
	if in.opens.uploads() {
		in.up = newShutInlet(c.window())
	}
	if in.opens.downloads() {
		in.down = new(outlet)
		if err := in.down.grant(&f); err != nil {
			return nil, err
		}
	}
	if f.Meta.Progress {
		in.scope.news = &bulletin{conn: c, tx: f.Tx}
	}
	return in, nil
}

// endsWith is the kind of frame that a success is answered with.
func (in *inbound) endsWith() wire.Kind {
	if in.down != nil {
		return wire.End
	}
	return wire.Result
}

// servingCall returns the request that is being handled under a tx; nil if it is over.
func (c *Conn) servingCall(tx wire.Tx) *inbound {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serving[tx]
}

// noSuchStream is the error of a frame for a call that has no stream of that direction.
func noSuchStream(f *wire.Frame) *Error {
	return protocolError("a frame of kind %s for call %s, which does not have such a stream", f.Kind, abridged(f.Tx.String()))
}

// inletOf finds the stream that a frame of its sender belongs to: of a callee, whom a call from here has, or of a caller, whose call is handled
// here. Both results are nil if the call is over.
func (c *Conn) inletOf(f *wire.Frame) (*inlet, error) {
	var found *inlet
	if f.Kind == wire.Item {
		p := c.pendingCall(f.Tx)
		if p == nil {
			return nil, nil
		}
		if p.flow != nil {
			found = p.flow.in
		}
	} else {
		in := c.servingCall(f.Tx)
		if in == nil {
			return nil, nil
		}
		found = in.up
	}
	if found == nil {
		return nil, noSuchStream(f)
	}
	return found, nil
}

// outletOf finds the stream that a frame of its receiver belongs to, as inletOf does.
func (c *Conn) outletOf(f *wire.Frame) (*outlet, error) {
	var found *outlet
	if f.Kind == wire.UploadCredit {
		p := c.pendingCall(f.Tx)
		if p == nil {
			return nil, nil
		}
		if p.flow != nil {
			found = p.flow.out
		}
	} else {
		in := c.servingCall(f.Tx)
		if in == nil {
			return nil, nil
		}
		found = in.down
	}
	if found == nil {
		return nil, noSuchStream(f)
	}
	return found, nil
}

// arrivedItem takes an item from the reader. It owns buf. Items of calls that are over are dropped.
func (c *Conn) arrivedItem(f wire.Frame, buf *wire.Buffer) error {
	in, err := c.inletOf(&f)
	if in == nil {
		buf.Release()
		return err
	}
	return in.add(c.fitting(f, buf))
}

// fitting is a frame that may have to wait, in a buffer that keeps little more than its bytes: windows count these alone. It owns buf.
func (c *Conn) fitting(f wire.Frame, buf *wire.Buffer) (wire.Frame, *wire.Buffer) {
	own := buf.Fitting()
	if own == buf {
		return f, buf
	}
	again, err := c.format.Decode(own.B)
	if err != nil { // of a user's serializer, which has changed its mind
		return f, buf
	}
	buf.Release()
	return again, own
}

// uploadEnd says that a caller's stream has no more items.
func (c *Conn) uploadEnd(f *wire.Frame) error {
	in, err := c.inletOf(f)
	if in == nil {
		return err
	}
	return in.end(f)
}

// streamCredit is room for more items from here.
func (c *Conn) streamCredit(f *wire.Frame) error {
	out, err := c.outletOf(f)
	if out == nil {
		return err
	}
	return out.grant(f)
}

// itemFrame encodes an item of m's stream, after middleware has seen it.
func (c *Conn) itemFrame(ctx context.Context, m *Message, f wire.Frame, item any) (*wire.Buffer, error) {
	if len(c.opt.Middleware) > 0 {
		next, err := c.pass(ctx, m.itemOf(item, nil), Outgoing)
		if err != nil {
			return nil, err
		}
		item = next.Payload
	}
	buf, err := c.encode(&f, item)
	if err != nil {
		return nil, NotSent(Invalid, "encode an item of %s: %w", m.Type, err)
	}
	return buf, nil
}

// readItem decodes an item of m's stream, after middleware has seen it. What the item before it has borrowed ends.
func (c *Conn) readItem(ctx context.Context, m *Message, next arrivedItem, item any, l *lease) error {
	var err error
	if len(c.opt.Middleware) == 0 {
		err = c.unpack(&next.frame, next.buf, item, l)
	} else {
		defer next.buf.Release()
		var seen *Message
		if seen, err = c.pass(ctx, m.itemOf(nil, &arrival{c.format, &next.frame}), Incoming); err != nil {
			return err
		}
		err = seen.Decode(item)
	}
	if err != nil {
		return &Error{Code: Invalid, Message: fmt.Sprintf("%s: item: %v", m.Type, err), Origin: FromTransport, local: err}
	}
	return nil
}

// itemOf is one item of the stream that m opened.
func (m *Message) itemOf(payload any, arrived *arrival) *Message {
	return &Message{Kind: m.Kind, Type: m.Type, Item: true, Payload: payload, arrived: arrived, Call: m.Call}
}

// send sends an item to the caller. It blocks until the caller has room for it, or ctx, which is the handler's, ends.
func (in *inbound) send(ctx context.Context, item any) error {
	if ctx.Err() != nil {
		return fromContext(ctx, in.frame.Type)
	}
	buf, err := in.conn.itemFrame(ctx, in.about, wire.Frame{Kind: wire.Item, Tx: in.frame.Tx}, item)
	if err != nil {
		return err
	}
	for room, ok := in.down.spend(in.conn.size(buf)); !ok; room, ok = in.down.spend(in.conn.size(buf)) {
		select {
		case <-room:
		case <-ctx.Done():
			buf.Release()
			return fromContext(ctx, in.frame.Type)
		}
	}
	if err := in.conn.out.send(ctx, buf, nested, ofItem(buf)); err != nil {
		return in.conn.unsent(ctx, in.frame.Type, err)
	}
	return nil
}

// recv decodes the caller's next item. It blocks until there is one, or ctx, which is the handler's, ends. io.EOF: there are no more.
func (in *inbound) recv(ctx context.Context, item any) error {
	in.lease.end() // of the item before
	for {
		if ctx.Err() != nil {
			return fromContext(ctx, in.frame.Type)
		}
		if next, ok := in.up.take(); ok {
			in.conn.grant(wire.UploadCredit, in.frame.Tx, in.up)
			return in.conn.readItem(ctx, in.about, next, item, &in.lease)
		}
		if in.up.isEnded() {
			return io.EOF
		}
		select {
		case <-in.up.wake:
		case <-ctx.Done():
		}
	}
}

// open gives the caller its first credit: the handler begins.
func (in *inbound) open() {
	in.started = true
	in.conn.grant(wire.UploadCredit, in.frame.Tx, in.up)
}

// sender is in.send for items of one type.
func sender[T any](ctx context.Context, in *inbound) func(T) error {
	return func(item T) error { return in.send(ctx, item) }
}

// itemsOf is in.recv as an iterator. An error is its last pair.
func itemsOf[T any](recv func(item any) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			var item T
			err := recv(&item)
			if err == io.EOF {
				return
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// itemsIn yields the items that the caller of in sends.
func itemsIn[T any](ctx context.Context, in *inbound) iter.Seq2[T, error] {
	return itemsOf[T](func(item any) error { return in.recv(ctx, item) })
}
