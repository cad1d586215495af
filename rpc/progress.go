package rpc

import (
	"context"
	"sync"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// Progress is how far a handler has come. What its numbers count is the contract's business.
type Progress struct {
	Done  int64  `json:"done,omitempty"`
	Total int64  `json:"total,omitempty"` // 0: not known
	Note  string `json:"note,omitempty"`  // for a person
}

type progressKey struct{}

// OnProgress returns a context with which calls hand what their handlers report to fn, one report of a call at a time and in order. It runs in a goroutine that uses the call, while that waits for the
// reply, for an item or for room to send one, and not after the last of them has returned; it should not block. A caller that is busy sees the latest report, not each one.
func OnProgress(ctx context.Context, fn func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, fn)
}

func progressOf(ctx context.Context) func(Progress) {
	fn, _ := ctx.Value(progressKey{}).(func(Progress))
	return fn
}

// Report tells the caller of the handler that ctx belongs to how far it has come. It never blocks. Of reports that follow each other quickly
// the caller sees the latest; the one before the handler returns always arrives, unless the caller has given up. Where nobody wants to know, and outside of a handler, it
// does nothing.
func Report(ctx context.Context, p Progress) {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok && s.news != nil {
		s.news.post(p)
	}
}

// A bulletin is the latest report of one handler, on its way to the caller.
type bulletin struct {
	conn *Conn
	tx   wire.Tx // of the call

	mu     sync.Mutex // guards all below
	latest *Progress  // not encoded yet; nil: none
	queued bool       // the outbox will ask for it
	closed bool       // the handler has returned
}

func (b *bulletin) post(p Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.latest = &p
	if !b.queued {
		b.queued = true
		b.conn.out.postLatest(b)
	}
}

// frame encodes the latest report, for the outbox; nil if there is none any more.
func (b *bulletin) frame() *wire.Buffer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queued = false
	return b.encode()
}

// encode takes the latest report. mu is held.
func (b *bulletin) encode() *wire.Buffer {
	if b.latest == nil {
		return nil
	}
	p := *b.latest
	b.latest = nil
	buf, err := b.conn.encodeGuarded(&wire.Frame{Kind: wire.Progress, Tx: b.tx}, p)
	if err != nil {
		return nil
	}
	return buf
}

// last queues the report that has not left, before the answer. The handler has returned.
func (b *bulletin) last() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.closed = true
	buf := b.encode()
	b.mu.Unlock()
	if buf != nil {
		b.conn.out.post(buf)
	}
}

// A mailbox holds the latest report that arrived for a call. A nil one takes none.
type mailbox struct {
	c    *Conn
	fn   func(Progress)
	news chan struct{} // one slot: the reader signals, the goroutine of the call receives

	mu      sync.Mutex // guards all below; never held while calling out
	latest  *arrivedItem
	handing bool // a goroutine of the call is in fn
	missed  bool // another one has found it there: the report that came meanwhile is for it to hand over
}

func newMailbox(c *Conn, fn func(Progress)) *mailbox {
	return &mailbox{c: c, fn: fn, news: make(chan struct{}, 1)}
}

// arrived is ready when there is a report; never for a nil mailbox.
func (m *mailbox) arrived() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.news
}

// waits reports whether there is a report; never for a nil mailbox.
func (m *mailbox) waits() bool { return m != nil && len(m.news) > 0 }

// put replaces the report that waits. It owns buf.
func (m *mailbox) put(f wire.Frame, buf *wire.Buffer) {
	m.mu.Lock()
	old := m.latest
	m.latest = &arrivedItem{f, buf}
	m.mu.Unlock()
	if old != nil {
		old.buf.Release()
	}
	signal(m.news)
}

// begin takes the report that waits and the turn to hand it over; nil if there is none, or another goroutine has the turn.
func (m *mailbox) begin() *arrivedItem {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.handing {
		m.missed = true
		return nil
	}
	report := m.latest
	m.latest, m.handing = nil, report != nil
	return report
}

// done gives the turn back, and reports whether another goroutine has wanted it.
func (m *mailbox) done() (again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	again, m.handing, m.missed = m.missed, false, false
	return again
}

// deliver hands over the report that waits, in a goroutine of the call. A flow may have two; only one at a time is in fn.
func (m *mailbox) deliver() {
	if m == nil {
		return
	}
	for again := true; again; {
		report := m.begin()
		if report == nil {
			return
		}
		again = m.hand(report)
	}
}

func (m *mailbox) hand(report *arrivedItem) (again bool) {
	defer func() { again = m.done() }()
	defer report.buf.Release()
	var p Progress
	if err := m.c.format.DecodePayload(&report.frame, &p); err != nil {
		m.c.warn("progress report cannot be read", "error", err.Error())
		return false
	}
	m.fn(p)
	return false
}

// arrivedProgress takes a report from the reader. It owns buf. One that nobody asked for, or waits for any more, is dropped.
func (c *Conn) arrivedProgress(f wire.Frame, buf *wire.Buffer) {
	if p := c.pendingCall(f.Tx); p != nil && p.news != nil {
		p.news.put(f, buf)
		return
	}
	buf.Release()
}
