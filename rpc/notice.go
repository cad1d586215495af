package rpc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Notices are the stream with tx 0 of each direction: numbered from 1, handled in order, one at a time, and acknowledged by
// credit. At most noticeWindow of them, or noticeBytes of payload, are unacknowledged.
const (
	noticeWindow = 1024
	noticeBytes  = 16 << 20
)

// noticeSender numbers notices and keeps to the window.
type noticeSender struct {
	turn chan struct{} // holds one token: who has it numbers and queues the next notice

	mu    sync.Mutex // guards all below
	last  uint64     // number of the last notice sent
	open  []int      // sizes of those not acknowledged, oldest first
	bytes int        // sum of open
	room  chan struct{}
}

func (n *noticeSender) init() {
	n.turn = make(chan struct{}, 1)
	n.turn <- struct{}{}
}

func (n *noticeSender) unacknowledged() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.open)
}

// number is that of the last notice sent.
func (n *noticeSender) number() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

// untilHandled returns nil if the notices up to a number are acknowledged, else a channel that is closed when more of them may be.
func (n *noticeSender) untilHandled(last uint64) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last-uint64(len(n.open)) >= last {
		return nil
	}
	return n.whenRoom()
}

// whenRoom returns a channel that is closed by the next acknowledgement. mu is held.
func (n *noticeSender) whenRoom() <-chan struct{} {
	if n.room == nil {
		n.room = make(chan struct{})
	}
	return n.room
}

// wait returns nil if there is room in the window, else a channel that is closed when there may be.
func (n *noticeSender) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.open) < noticeWindow && (n.bytes < noticeBytes || len(n.open) == 0) {
		return nil
	}
	return n.whenRoom()
}

func (n *noticeSender) sent(size int) {
	n.mu.Lock()
	n.last++
	n.open = append(n.open, size)
	n.bytes += size
	n.mu.Unlock()
}

// acknowledge takes the oldest count notices off; false if there are not that many.
func (n *noticeSender) acknowledge(count uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if count > uint64(len(n.open)) {
		return false
	}
	for _, size := range n.open[:count] {
		n.bytes -= size
	}
	n.open = append(n.open[:0], n.open[count:]...)
	if n.room != nil {
		close(n.room)
		n.room = nil
	}
	return true
}

// Notify implements Peer.
func (c *Conn) Notify(ctx context.Context, m *Message) error {
	start := c.begun()
	own, call := c.begin(m, start)
	err := c.notify(ctx, own)
	c.end(call, err)
	c.observe(Observation{Type: m.Type, Kind: KindNotice, Err: err}, start)
	return err
}

func (c *Conn) notify(ctx context.Context, m *Message) error {
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
	select {
	case <-c.notices.turn:
		defer func() { c.notices.turn <- struct{}{} }()
	case <-ctx.Done():
		return windowFull(m.Type, context.Cause(ctx))
	case <-c.done:
		return c.over(m.Type, false)
	}
	if c.notices.wait() != nil && noWait(ctx) {
		return windowFull(m.Type, errNoWait)
	}
	for room := c.notices.wait(); room != nil; room = c.notices.wait() {
		select {
		case <-room:
		case <-ctx.Done():
			return windowFull(m.Type, context.Cause(ctx))
		case <-c.done:
			return c.over(m.Type, false)
		}
	}
	return c.sendNotice(ctx, m)
}

// Unhandled is how many notices were sent to p and are not handled yet; false if p does not count them. A Conn does, a plugin of a host, and a plugin's host.
func Unhandled(p Peer) (n int, known bool) {
	counts, known := p.(interface{ UnhandledNotices() int })
	if !known {
		return 0, false
	}
	return counts.UnhandledNotices(), true
}

// UnhandledNotices is for Unhandled.
func (c *Conn) UnhandledNotices() int { return c.notices.unacknowledged() }

type noWaitKey struct{}

// NoWait returns a context with which a notice fails with Exhausted at once, and unsent, while the peer has as many as it takes, instead of waiting.
func NoWait(ctx context.Context) context.Context { return context.WithValue(ctx, noWaitKey{}, true) }

func noWait(ctx context.Context) bool { return ctx.Value(noWaitKey{}) != nil }

var errNoWait = errors.New("its sender does not wait")

func windowFull(what string, why error) error {
	return NotSent(Exhausted, "%s: the peer does not keep up: at most %d notices, or %d bytes of them, may be sent and not handled: %w", what, noticeWindow, noticeBytes, why)
}

// sendNotice numbers and queues one notice. The caller has the turn.
func (c *Conn) sendNotice(ctx context.Context, m *Message) error {
	if c.profile != hotplug {
		return c.sendAnswered(ctx, m)
	}
	f := wire.Frame{Kind: wire.Notice, Tx: wire.Tx{N: c.notices.last + 1}, Type: m.Type, Meta: wire.Meta{Headers: m.Headers}}
	buf, err := c.encode(&f, m.Payload)
	if err != nil {
		return NotSent(Invalid, "encode %s: %w", m.Type, err)
	}
	c.mu.Lock()
	refused := c.leaving && !c.nested(ctx)
	c.mu.Unlock()
	if refused {
		buf.Release()
		return c.saidGoodbye(m.Type)
	}
	size := buf.Len()
	c.notices.sent(size) // before it is queued: the acknowledgement must find it
	if err := c.out.send(ctx, buf, c.rank(ctx), later); err != nil {
		if !c.notices.unsend() {
			c.fail(tooManyAcknowledged(1))
		}
		if ctx.Err() != nil {
			return windowFull(m.Type, context.Cause(ctx))
		}
		return c.unsent(ctx, m.Type, err)
	}
	return nil
}

// unsend takes the last notice back, which was not queued; false if the peer has acknowledged it all the same.
func (n *noticeSender) unsend() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last--
	if len(n.open) == 0 {
		return false
	}
	n.bytes -= n.open[len(n.open)-1]
	n.open = n.open[:len(n.open)-1]
	return true
}

func tooManyAcknowledged(n uint64) *Error {
	return &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("%d notices acknowledged, more than are open", n)}
}

// credit is the peer's acknowledgement of notices, or room for more items.
func (c *Conn) credit(f *wire.Frame) error {
	if !f.Tx.IsZero() {
		return c.streamCredit(f)
	}
	if !c.notices.acknowledge(f.Meta.Items) {
		return tooManyAcknowledged(f.Meta.Items)
	}
	return nil
}

// noticeQueue holds notices that arrived and were not handled. The reader fills it; one goroutine, which lives while there are any,
// empties it.
type noticeQueue struct {
	mu      sync.Mutex // guards all below
	next    uint64     // the number that the next notice must have
	queue   []*inbound
	open    int      // arrived and not acknowledged: in queue, being handled, or owed
	owed    uint64   // handled and not acknowledged
	bytes   int      // of the frames of those that are open
	unpaid  int      // of bytes, what owed stands for
	running bool     // the goroutine lives
	current *inbound // is being handled; nil: none is
}

// add enters a notice. start says that the goroutine must be started.
func (q *noticeQueue) add(in *inbound) (start bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if in.frame.Tx != (wire.Tx{N: q.next}) || q.open >= noticeWindow || q.bytes >= noticeBytes {
		return false, &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("notice %s where number %d was due, with %d of %d, and %d of %d bytes, unacknowledged",
			abridged(in.frame.Tx.String()), q.next, q.open, noticeWindow, q.bytes, noticeBytes)}
	}
	q.next++
	q.open++
	q.bytes += in.size
	q.queue = append(q.queue, in)
	start, q.running = !q.running, true
	return start, nil
}

// take returns the oldest notice; nil ends the goroutine.
func (q *noticeQueue) take() *inbound {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		q.queue, q.running = nil, false
		return nil
	}
	in := q.queue[0]
	q.queue[0], q.queue = nil, q.queue[1:]
	return in
}

// begin takes note of the notice that is handled now.
func (q *noticeQueue) begin(in *inbound) {
	q.mu.Lock()
	q.current = in
	q.mu.Unlock()
}

// cancelCurrent ends the context of the notice that is being handled.
func (q *noticeQueue) cancelCurrent() {
	q.mu.Lock()
	in := q.current
	q.mu.Unlock()
	if in != nil {
		in.scope.cancel()
	}
}

// done counts one notice as handled and returns how many to acknowledge now: when half the window is owed, or when none waits.
func (q *noticeQueue) done(in *inbound) (acknowledge uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.current = nil
	q.owed++
	q.unpaid += in.size
	if q.owed < noticeWindow/2 && q.unpaid < noticeBytes/2 && len(q.queue) > 0 {
		return 0
	}
	acknowledge, q.owed = q.owed, 0
	q.open -= int(acknowledge)
	q.bytes -= q.unpaid
	q.unpaid = 0
	return acknowledge
}

// enqueueNotice takes a notice from the reader. It owns buf.
func (c *Conn) enqueueNotice(f wire.Frame, buf *wire.Buffer) error {
	c.mu.Lock()
	c.handlers++
	c.mu.Unlock()
	f, buf = c.fitting(f, buf)
	in := &inbound{conn: c, frame: f, buf: buf, size: len(buf.B), scope: c.newScope(&f.Meta)}
	start, err := c.inbox.add(in)
	if err != nil {
		c.leaveNotice()
		buf.Release()
		return err
	}
	if start {
		go c.handleNotices()
	}
	return nil
}

// handleNotices runs the handlers of waiting notices, until there are none. Once the connection is over it drops them.
func (c *Conn) handleNotices() {
	ended := false
	defer func() {
		if !ended { // the handler called runtime.Goexit: the notices behind it still want their turn
			go c.handleNotices()
		}
	}()
	for in := c.inbox.take(); in != nil; in = c.inbox.take() {
		c.handleNotice(in)
	}
	ended = true
}

func (c *Conn) leaveNotice() {
	c.mu.Lock()
	c.finished()
	c.mu.Unlock()
}

func (c *Conn) handleNotice(in *inbound) {
	c.inbox.begin(in)
	defer c.concludeNotice(in)
	if c.base.Err() != nil {
		return
	}
	start := c.begun()
	in.call = c.newCall(start)
	_, err := c.runHandler(in.scope, in)
	if err != nil && !in.denied {
		c.warn("notice not handled", "message", in.frame.Type, "error", err.Error())
	}
	c.end(in.call, err)
	c.observe(Observation{Type: in.frame.Type, Kind: KindNotice, Incoming: true, Err: err}, start)
}

func (c *Conn) concludeNotice(in *inbound) {
	in.release()
	in.lease.end()
	in.scope.cancel()
	if in.call != nil {
		c.end(in.call, errGoexit(in)) // it has ended already, if the handler returned
	}
	if n := c.inbox.done(in); n > 0 {
		c.acknowledge(n)
	}
	c.leaveNotice()
}

// acknowledge tells the sender that n more notices were handled.
func (c *Conn) acknowledge(n uint64) {
	if buf, err := c.encode(&wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: n}}, nil); err == nil {
		_ = c.out.send(c.base, buf, nested, now)
	}
}
