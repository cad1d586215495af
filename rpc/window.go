package rpc

import (
	"fmt"
	"sync"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// maxCredit is how many items, or bytes, may be granted and not used.
const maxCredit = 1<<53 - 1

// A window counts items, and bytes of their frames: how much the sender of a stream may be ahead of its receiver. An item is sent while any credit is left,
// so that the largest fits the smallest window.
type window struct{ items, bytes int64 }

func (c *Conn) window() window { return window{int64(c.opt.StreamItems), int64(c.opt.StreamBytes)} }

func (w *window) add(items, bytes int64) { w.items, w.bytes = w.items+items, w.bytes+bytes }

// open reports whether one more item may travel.
func (w *window) open() bool { return w.items > 0 && w.bytes > 0 }

// An outlet is the sending half of a stream: the credit that its receiver has given. The zero value has none.
type outlet struct {
	mu   sync.Mutex // guards all below
	left window
	room chan struct{} // closed when there may be credit again; nil if nobody waits
}

// spend takes the credit for a frame with an item, or returns a channel that is closed when there may be some.
func (o *outlet) spend(size int) (room <-chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left.open() {
		o.left.add(-1, -int64(size))
		return nil, true
	}
	if o.room == nil {
		o.room = make(chan struct{})
	}
	return o.room, false
}

// grant adds credit.
func (o *outlet) grant(f *wire.Frame) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f.Meta.Items > uint64(maxCredit-o.left.items) || f.Meta.Bytes > uint64(maxCredit-o.left.bytes) {
		return protocolError("stream %s: a credit of %d items and %d bytes, which makes more than %d", abridged(f.Tx.String()), f.Meta.Items, f.Meta.Bytes, int64(maxCredit))
	}
	o.left.add(int64(f.Meta.Items), int64(f.Meta.Bytes))
	if o.room != nil && o.left.open() {
		close(o.room)
		o.room = nil
	}
	return nil
}

// An arrivedItem is an item that was not decoded.
type arrivedItem struct {
	frame wire.Frame
	buf   *wire.Buffer
}

// An inlet is the receiving half of a stream: items that arrived and were not taken.
type inlet struct {
	full window        // immutable: the whole window
	wake chan struct{} // one slot: the reader signals whoever receives

	mu     sync.Mutex // guards all below
	queue  []arrivedItem
	left   window // what the sender may send
	owed   window // what was taken, or never given, and is not granted
	ended  bool   // the sender has sent all
	closed bool   // nobody takes items any more
}

// newInlet returns an inlet whose sender has been given the whole window.
func newInlet(full window) *inlet {
	return &inlet{full: full, left: full, wake: make(chan struct{}, 1)}
}

// newShutInlet returns an inlet whose sender has been given nothing yet.
func newShutInlet(full window) *inlet {
	return &inlet{full: full, owed: full, wake: make(chan struct{}, 1)}
}

// add enters an item, from the reader. It owns buf. Its error ends the connection.
func (i *inlet) add(f wire.Frame, buf *wire.Buffer) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended || !i.left.open() {
		buf.Release()
		if i.ended {
			return protocolError("stream %s: an item behind its end", abridged(f.Tx.String()))
		}
		return protocolError("stream %s: an item without credit: at most %d items and %d bytes may be on their way", abridged(f.Tx.String()), i.full.items, i.full.bytes)
	}
	i.left.add(-1, -int64(len(buf.B)))
	if i.closed {
		buf.Release()
		return nil
	}
	i.queue = append(i.queue, arrivedItem{f, buf})
	signal(i.wake)
	return nil
}

// end says that no more items come, from the reader.
func (i *inlet) end(f *wire.Frame) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended {
		return protocolError("stream %s: a second end", abridged(f.Tx.String()))
	}
	i.ended = true
	signal(i.wake)
	return nil
}

// take returns the oldest item, if there is one.
func (i *inlet) take() (next arrivedItem, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.queue) == 0 {
		return next, false
	}
	next = i.queue[0]
	i.queue[0], i.queue = arrivedItem{}, i.queue[1:]
	i.owed.add(1, int64(len(next.buf.B)))
	return next, true
}

// due returns the credit to grant now: nothing until half of the window is owed.
func (i *inlet) due() (w window, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended || i.closed || (2*i.owed.items < i.full.items && 2*i.owed.bytes < i.full.bytes) {
		return w, false
	}
	w, i.owed = i.owed, window{}
	i.left.add(w.items, w.bytes)
	return w, true
}

// isEnded reports whether all items have been taken, and no more come.
func (i *inlet) isEnded() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ended && len(i.queue) == 0
}

// close drops what arrived, and what will.
func (i *inlet) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, item := range i.queue {
		item.buf.Release()
	}
	i.queue, i.closed = nil, true
}

// size is what a frame that was encoded here counts, in bytes: neither its length prefix nor its terminator, as at the other end.
func (c *Conn) size(buf *wire.Buffer) int { return buf.Len() - c.framing }

// grant sends the credit that is due for a stream, if any is. It never waits: the credit that is under way is bounded by the window.
func (c *Conn) grant(kind wire.Kind, tx wire.Tx, i *inlet) {
	if w, ok := i.due(); ok {
		c.postFrame(&wire.Frame{Kind: kind, Tx: tx, Meta: wire.Meta{Items: uint64(w.items), Bytes: uint64(w.bytes)}})
	}
}

// postFrame queues a small frame without waiting.
func (c *Conn) postFrame(f *wire.Frame) {
	if buf, err := c.encode(f, nil); err == nil {
		c.out.post(buf)
	}
}

func protocolError(format string, args ...any) *Error {
	return &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf(format, args...)}
}

// ofItem is how a frame with an item is written: small ones go with those that follow.
func ofItem(buf *wire.Buffer) haste {
	if buf.Len() < batch/2 {
		return later
	}
	return now
}
