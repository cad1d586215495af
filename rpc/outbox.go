package rpc

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// enough is how many frames are written without waiting for more: the peer is to begin with them.
const enough = 64

// highWater is how many bytes may wait to be written before senders wait, in bytes.
const highWater = 1 << 20

// A parcel is what is known of a frame that its sender may want back.
type parcel struct{ state atomic.Uint32 }

const (
	waiting   = iota // not a byte was handed to the kernel
	handed           // some bytes may have been
	withdrawn        // never will be
)

// withdraw takes a frame back that has not been handed to the kernel, and reports whether it could. Doing it again changes nothing.
func (p *parcel) withdraw() bool {
	return p.state.CompareAndSwap(waiting, withdrawn) || p.state.Load() == withdrawn
}

// An entry is one frame on its way out.
type entry struct {
	buf    *wire.Buffer
	parcel *parcel // nil: nobody wants it back
}

// hand reports whether the frame is to be written. From now on it cannot be withdrawn.
func (e *entry) hand() bool { return e.parcel == nil || e.parcel.state.CompareAndSwap(waiting, handed) }

// An outbox writes frames in the order in which they were sent, several at once where they are small. Whoever sends a frame writes it, and what
// others have sent meanwhile, if nobody does and the stream can be written without waiting. Everything else is written by its one goroutine,
// which is owned by the connection and ends with it.
type outbox struct {
	pen  pen
	wake chan struct{} // whoever leaves the pen to the goroutine signals, run receives
	fail func(error)   // called once, by run, with the first error of the stream

	mu      sync.Mutex // guards all below; never held while writing
	queue   []entry
	spare   []entry       // what queue was before it was taken, empty, to be used again
	size    int           // bytes in queue
	room    chan struct{} // closed when size falls to the mark; nil if nobody waits
	closed  bool
	sealed  bool         // a goodbye was queued: no root frames any more
	pong    *wire.Buffer // the last pong owed: a flood of pings costs one
	latest  []latecomer  // behind the queue, encoded when they are written
	idle    chan struct{}
	writing bool // somebody has the pen
	waits   bool // and waits for others to send; whoever finds enough queued takes it
}

func newOutbox(stream net.Conn, fail func(error)) *outbox {
	return &outbox{pen: newPen(stream), wake: make(chan struct{}, 1), fail: fail}
}

// rank says what a goodbye means to a frame.
type rank uint8

const (
	nested   rank = iota // answers, and what running handlers send: allowed after a goodbye
	root                 // refused after a goodbye
	farewell             // the goodbye itself
)

// haste says who writes a frame.
type haste uint8

const (
	now      haste = iota // its sender, who waits for an answer or has one
	together              // its sender, once others have had the time to send theirs
	later                 // the goroutine: more of the same sender are likely to follow
)

var (
	errSealed       = errors.New("goodbye was said")
	errOutboxClosed = errors.New("outbox closed")
	errUnwanted     = errors.New("taken back before there was room")
)

// send queues a frame that nobody wants back.
func (o *outbox) send(ctx context.Context, buf *wire.Buffer, as rank, how haste) error {
	return o.put(ctx, entry{buf: buf}, as, how, nil)
}

// put queues a frame and has it written. It waits while too much is queued already, until ctx ends, the box is closed, or unwanted is: then it is not
// queued. No root frame is ever queued behind a goodbye. What the frame's sender has lent is written or copied when put returns.
func (o *outbox) put(ctx context.Context, e entry, as rank, how haste, unwanted <-chan struct{}) error {
	if e.buf.Tail != nil {
		if how = now; o.isBusy() {
			e.buf.Own()
		}
	}
	o.mu.Lock()
	for o.size > highWater && !o.closed {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		case <-unwanted:
			return errUnwanted
		}
		o.mu.Lock()
	}
	if err := o.refuse(as); err != nil {
		o.mu.Unlock()
		return err
	}
	o.sealed = o.sealed || as == farewell
	if o.writing {
		e.buf.Own() // somebody else has just come
	}
	o.enter(e)
	o.write(how)
	return nil
}

// isBusy reports whether somebody has the pen.
func (o *outbox) isBusy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing
}

// refuse says why a frame may not be queued. mu is held.
func (o *outbox) refuse(as rank) error {
	switch {
	case o.closed:
		return errOutboxClosed
	case o.sealed && as == root:
		return errSealed
	}
	return nil
}

// enter queues a frame. mu is held.
func (o *outbox) enter(e entry) {
	o.queue = append(o.queue, e)
	o.size += e.buf.Len()
}

// post queues a frame without waiting, whatever is queued: for the few frames that the reader answers with.
func (o *outbox) post(buf *wire.Buffer) {
	buf.Own()
	o.mu.Lock()
	if !o.closed {
		o.enter(entry{buf: buf})
	}
	o.write(now)
}

// A latecomer makes its frame when it is about to be written, of what is the latest then. frame returns nil if there is nothing any more.
type latecomer interface{ frame() *wire.Buffer }

// postLatest has l's frame written behind all that is queued.
func (o *outbox) postLatest(l latecomer) {
	o.mu.Lock()
	o.latest = append(o.latest, l)
	o.write(later)
}

// postPong replaces the pong that is still owed.
func (o *outbox) postPong(buf *wire.Buffer) {
	o.mu.Lock()
	o.pong = buf
	o.write(now)
}

// write sees to it that somebody writes what is queued. mu is held, and is not afterwards.
func (o *outbox) write(how haste) {
	if o.writing && !(o.waits && (o.enough() || o.sealed)) {
		o.mu.Unlock()
		return
	}
	waits := how == together && !o.writing && o.pen.tries()
	o.writing, o.waits = true, waits
	o.mu.Unlock()
	switch {
	case waits:
		runtime.Gosched()
		o.resume()
	case how == later || !o.pen.tries():
		signal(o.wake)
	default:
		o.writeNow()
	}
}

// enough reports whether nobody has to wait for more frames. mu is held.
func (o *outbox) enough() bool { return len(o.queue) >= enough || o.size >= batch }

// hold takes the pen, if nobody has it, and waits for others to send until resume is called.
func (o *outbox) hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writing && o.pen.tries() {
		o.writing, o.waits = true, true
	}
}

// resume writes what is queued, if whoever has the pen waits.
func (o *outbox) resume() {
	o.mu.Lock()
	waits := o.waits
	o.waits = false
	o.mu.Unlock()
	if waits {
		o.writeNow()
	}
}

// writeNow writes what can be written without waiting, and leaves the rest to the goroutine. The caller has the pen.
func (o *outbox) writeNow() {
	if !o.tryAll() {
		signal(o.wake)
	}
}

// passes is how often a sender looks whether others have sent more: it has something else to do.
const passes = 4

// tryAll writes what can be written without waiting. false: the pen is the caller's, still, and there is something left or the stream has failed.
func (o *outbox) tryAll() bool {
	for range passes {
		if !o.next() {
			return true
		}
		if !o.pen.try() {
			return false
		}
	}
	return !o.next()
}

// close makes senders fail and lets run end. What is queued is not written any more.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.free()
	o.settle()
	o.mu.Unlock()
	signal(o.wake)
}

func (o *outbox) free() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// settle tells whoever waits in flush that nothing is left to write. mu is held.
func (o *outbox) settle() {
	if o.idle != nil && (o.closed || !o.writing) {
		close(o.idle)
		o.idle = nil
	}
}

// flush waits until all that is queued has been handed to the kernel, or the box is closed; false if ctx ended first.
func (o *outbox) flush(ctx context.Context) bool {
	o.mu.Lock()
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.settle()
	empty := o.idle == nil
	o.mu.Unlock()
	if empty {
		return true
	}
	select {
	case <-idle:
		return true
	case <-ctx.Done():
		return false
	}
}

// next gives the pen what is queued. false: there is nothing, and whoever has the pen lays it down.
func (o *outbox) next() bool {
	latest, ok := o.take()
	for _, l := range latest {
		if buf := l.frame(); buf != nil {
			o.pen.add(entry{buf: buf})
		}
	}
	return ok
}

// take moves what is queued to the pen, but for latecomers, whose frames are made without mu.
func (o *outbox) take() (latest []latecomer, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.queue)+len(o.latest) == 0 && o.pong == nil {
		o.writing = false
		o.settle()
		return nil, false
	}
	o.queue, o.spare = o.spare, o.pen.take(o.queue)
	if o.pong != nil {
		o.pen.add(entry{buf: o.pong})
	}
	latest, o.latest, o.pong, o.size = o.latest, nil, nil, 0
	o.free()
	return latest, true
}

// run writes what was left to it until the box is closed or the stream fails.
func (o *outbox) run() {
	for range o.wake {
		for again := true; again; again = o.next() {
			if o.over() { // close has signalled: the pen may be another's
				return
			}
			if err := o.pen.finish(); err != nil {
				o.fail(err)
				return
			}
		}
	}
}

func (o *outbox) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}
