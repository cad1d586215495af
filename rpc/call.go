package rpc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Invoke implements Peer.
func (c *Conn) Invoke(ctx context.Context, m *Message, reply any) error {
	if c.opt.Observe == nil && len(c.opt.Middleware) == 0 {
		return c.invoke(ctx, m, reply)
	}
	start := time.Now()
	own, call := c.begin(m, start)
	err := c.invoke(ctx, own, reply)
	c.end(call, err)
	c.observe(Observation{Type: m.Type, Kind: m.Kind, Err: err}, start)
	return err
}

func (c *Conn) invoke(ctx context.Context, m *Message, reply any) error {
	if err := c.check(m); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return withoutSending(ctx, m.Type)
	}
	m, err := c.outgoing(ctx, m)
	if err != nil {
		return err
	}
	p, err := c.start(ctx, m, nil, c.deadlineOf(ctx))
	if err != nil {
		return err
	}
	waited := false
	defer func() {
		if !waited { // what the caller wants to know of its progress has panicked
			c.drop(p)
		}
	}()
	inTime := c.in.await(ctx, p, nil)
	waited = true
	if !inTime {
		return c.abandon(ctx, m, p)
	}
	err = c.finish(ctx, m, p, reply)
	c.recycle(p)
	return err
}

// takeSlot waits for one of the slots that bound how many calls are in flight.
func (c *Conn) takeSlot(ctx context.Context, slots chan struct{}, by *deadline, what, taken, limit string) error {
	select {
	case slots <- struct{}{}:
		return nil
	default:
	}
	if by.ours {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, by.at, c.tooLate)
		defer cancel()
	}
	select {
	case slots <- struct{}{}:
		by.now = time.Now()
		return nil
	case <-ctx.Done():
		return withoutSending(ctx, fmt.Sprintf("%s: %d %s already%s (%s)", what, cap(slots), taken, c.ofWhichLeft(slots), limit))
	case <-c.done:
		return c.over(what, false)
	}
}

// ofWhichLeft says how many slots calls hold that were given up, if any do.
func (c *Conn) ofWhichLeft(slots chan struct{}) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, slot := range c.owed {
		if slot == slots {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of which their callers have given up and their handlers not ended", n)
}

// start takes a slot, registers the call and queues its request. opening is the flow of a call with streams; nil: it has none.
func (c *Conn) start(ctx context.Context, m *Message, opening *flow, by deadline) (*pending, error) {
	slots, taken, limit := c.slots, "calls are in flight", "limits.inflight"
	if opening != nil {
		slots, taken, limit = c.streams, "streams are open", "limits.streams"
	}
	if err := c.takeSlot(ctx, slots, &by, m.Type, taken, limit); err != nil {
		return nil, err
	}
	p, err := c.prepare(ctx, m, opening, by)
	if err != nil {
		<-slots
		return nil, err
	}
	p.slot = slots
	how, err := c.register(ctx, p, m.Type)
	if err != nil {
		p.request.Release()
		p.settle(wire.Frame{}, nil)
		return nil, err
	}
	err = c.out.put(ctx, entry{p.request, &p.parcel}, c.rank(ctx), how, p.reply)
	switch {
	case err == errUnwanted && p.flow == nil:
		p.reply <- struct{}{} // it was received
	case err != nil && err != errUnwanted:
		if c.remove(p) {
			p.settle(wire.Frame{}, nil)
		}
		return nil, c.unsent(ctx, m.Type, err)
	}
	return p, nil
}

// prepare encodes the request of a new call.
func (c *Conn) prepare(ctx context.Context, m *Message, opening *flow, by deadline) (*pending, error) {
	tx, err := c.newTx(m)
	if err != nil {
		return nil, err
	}
	p := c.request(ctx, m, tx, opening)
	f := &p.frame
	p.deadline = by
	if !by.at.IsZero() {
		left := by.at.Sub(by.now)
		if left <= 0 {
			return nil, c.withoutTime(ctx, by, m.Type)
		}
		f.Meta.Deadline = int64(math.Ceil(float64(left) / float64(time.Millisecond)))
	}
	buf, err := c.encode(f, m.Payload)
	if err != nil {
		return nil, NotSent(Invalid, "encode %s: %w", m.Type, err)
	}
	p.request, p.frame = buf, wire.Frame{}
	return p, nil
}

// request is a new call, with the envelope of its request in frame.
func (c *Conn) request(ctx context.Context, m *Message, tx wire.Tx, opening *flow) *pending {
	f := wire.Frame{Kind: wire.Request, Tx: tx, Type: m.Type, Meta: wire.Meta{Headers: m.Headers}}
	var news *mailbox
	if fn := progressOf(ctx); fn != nil && c.profile == hotplug {
		news, f.Meta.Progress = newMailbox(c, fn), true
	}
	var p *pending
	if opening == nil {
		p = c.newPending(tx, news)
	} else {
		p = opening.pending(tx)
		p.news, f.Meta.Opens = news, m.Kind.opens()
		if opening.in != nil {
			f.Meta.Items, f.Meta.Bytes = uint64(c.opt.StreamItems), uint64(c.opt.StreamBytes)
		}
	}
	p.frame = f
	return p
}

// withoutSending is the error of a call whose context ended, or whose deadline passed, before anything was sent.
func withoutSending(ctx context.Context, what string) *Error {
	e := &Error{Code: Timeout, Message: what + ": " + context.DeadlineExceeded.Error(), Origin: FromTransport, local: context.DeadlineExceeded}
	if awaitDue(ctx) {
		e = fromContext(ctx, what)
	}
	e.unsent = true
	return e
}

// withoutTime is the error of a call whose deadline passed before anything was sent.
func (c *Conn) withoutTime(ctx context.Context, by deadline, what string) *Error {
	if by.ours {
		return c.expired(what, true)
	}
	return withoutSending(ctx, what)
}

// unsent says why the outbox did not take a frame.
func (c *Conn) unsent(ctx context.Context, what string, err error) error {
	switch {
	case errors.Is(err, errSealed):
		return c.saidGoodbye(what)
	case errors.Is(err, errOutboxClosed):
		select {
		case <-c.done:
			return c.over(what, false)
		case <-ctx.Done():
		}
	}
	return withoutSending(ctx, what)
}

// register enters a call, and says how its request is to be written.
func (c *Conn) register(ctx context.Context, p *pending, what string) (haste, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return now, elsewhere(NotSent(Unavailable, "%s: %s", what, endText(c.ended)))
	}
	if c.leaving && !c.nested(ctx) {
		return now, c.saidGoodbye(what)
	}
	if _, taken := c.calls[p.tx]; taken || c.owed[p.tx] != nil {
		return now, duplicateTx(what, p.tx)
	}
	c.calls[p.tx] = p
	if p.deadline.ours {
		c.alarm.set(p.deadline.at)
	}
	if p.notice != "" {
		c.answers++
	}
	return among(len(c.calls)), nil
}

// among is how a frame is written of which there may be as many as n under way: others that are about to be sent may travel with it.
func among(n int) haste {
	if n > 1 {
		return together
	}
	return now
}

// remove takes a call out of the table; false if it is not there any more. Who gets true settles it, if anybody waits.
func (c *Conn) remove(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[p.tx] != p {
		return false
	}
	c.forget(p)
	return true
}

// leave is remove, by a caller that does not wait for the answer. The slot stays taken until the answer is here: the callee counts the call until then.
func (c *Conn) leave(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[p.tx] != p {
		return false
	}
	c.forget(p)
	c.owe(p)
	return true
}

// owe keeps the slot of a call that is out of the table and whose answer is still to come; its settle does not give it back. Where calls cannot be
// cancelled, the peer has no limit. mu is held.
func (c *Conn) owe(p *pending) {
	if p.slot != nil && c.profile == hotplug {
		c.owed[p.tx], p.slot = p.slot, nil
	}
}

// quit has a call that was left end at the callee, too, and reports whether its request had left.
func (c *Conn) quit(p *pending) (sent bool) {
	if p.parcel.withdraw() {
		c.paid(p.tx)
		return false
	}
	c.postFrame(&wire.Frame{Kind: wire.Cancel, Tx: p.tx})
	return true
}

// paid gives back the slot of a call that was left, if it is owed.
func (c *Conn) paid(tx wire.Tx) {
	c.mu.Lock()
	slot := c.owed[tx]
	delete(c.owed, tx)
	c.mu.Unlock()
	if slot != nil {
		<-slot
	}
}

// forget takes a call out of the table. mu is held.
func (c *Conn) forget(p *pending) {
	delete(c.calls, p.tx)
	if p.notice != "" {
		c.answers--
	}
	c.settleIdle()
}

// pendingCall returns the call of a tx; nil if it is over.
func (c *Conn) pendingCall(tx wire.Tx) *pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[tx]
}

// drop ends a call whose caller is gone.
func (c *Conn) drop(p *pending) {
	if c.leave(p) {
		c.quit(p)
		p.settle(wire.Frame{}, nil)
	}
}

// abandon ends a call whose context ended first. The callee is told, unless the request never left.
func (c *Conn) abandon(ctx context.Context, m *Message, p *pending) error {
	e := fromContext(ctx, m.Type)
	if !c.leave(p) {
		<-p.reply // it was settled meanwhile; the context still decides, but nothing may leak
		if p.buf != nil {
			p.buf.Release()
		}
		return e
	}
	e.unsent = !c.quit(p)
	p.settle(wire.Frame{}, nil)
	return e
}

// sizeOf is what a payload is known to take, in bytes; 0: that is not known.
func sizeOf(payload any) int {
	switch v := payload.(type) {
	case []byte:
		return len(v)
	case string:
		return len(v)
	}
	return 0
}

// encode returns a frame in a buffer from the pool, of which large bytes may be lent: they are the sender's, and copied or written before put returns.
func (c *Conn) encode(f *wire.Frame, payload any) (*wire.Buffer, error) {
	if err := wire.CheckHeaders(len(f.Meta.Headers)); err != nil {
		return nil, err
	}
	if b, ok := payload.(Borrowed); ok {
		payload = []byte(b) // which serializers know
	}
	if b, ok := payload.([]byte); ok && len(b) >= batch/2 && c.out.pen.gathers() {
		if buf, ok, err := wire.Gather(c.format, f, b, c.opt.MaxFrame); ok {
			return buf, err
		}
	}
	buf := wire.NewBufferFor(sizeOf(payload))
	b, err := c.format.Append(buf.B[:0], f, payload, c.opt.MaxFrame)
	buf.B = b
	if err != nil {
		buf.Release()
		return nil, err
	}
	return buf, nil
}
