package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// highWater is how many bytes may wait to be written before senders wait, in bytes.
const highWater = 1 << 20

// batch is how many bytes of small frames are written at once, in bytes.
const batch = 64 << 10

// A parcel is one frame on its way out.
type parcel struct {
	buf   *wire.Buffer
	state atomic.Uint32
}

const (
	waiting   = iota // not a byte was handed to the kernel
	handed           // some bytes may have been
	withdrawn        // never will be
)

// withdraw takes a frame back that has not been handed to the kernel, and reports whether it could. Doing it again changes nothing.
func (p *parcel) withdraw() bool {
	return p.state.CompareAndSwap(waiting, withdrawn) || p.state.Load() == withdrawn
}

// An outbox writes frames in the order in which they were sent, several at once where they are small. Its one goroutine is
// owned by the connection and ends with it.
type outbox struct {
	w    io.Writer
	wake chan struct{} // the sender of a frame signals, run receives; one slot is enough, it takes all there is
	fail func(error)   // called once, by run, with the first error of w

	mu     sync.Mutex // guards all below; never held while writing
	queue  []*parcel
	size   int           // bytes in queue
	room   chan struct{} // closed when size falls to the mark; nil if nobody waits
	closed bool
	sealed bool         // a goodbye was queued: no root frames any more
	pong   *wire.Buffer // the last pong owed: a flood of pings costs one
	latest []latecomer  // behind the queue, encoded when they are written
	idle   chan struct{}
	busy   bool
}

func newOutbox(w io.Writer, fail func(error)) *outbox {
	return &outbox{w: w, wake: make(chan struct{}, 1), fail: fail}
}

// rank says what a goodbye means to a frame.
type rank uint8

const (
	nested   rank = iota // answers, and what running handlers send: allowed after a goodbye
	root                 // refused after a goodbye
	farewell             // the goodbye itself
)

var (
	errSealed       = errors.New("goodbye was said")
	errOutboxClosed = errors.New("outbox closed")
	errUnwanted     = errors.New("taken back before there was room")
)

// send puts a frame into a parcel of its own.
func (o *outbox) send(ctx context.Context, buf *wire.Buffer, as rank) error {
	return o.put(ctx, &parcel{buf: buf}, as, nil)
}

// put queues a parcel. It waits while too much is queued already, until ctx ends, the box is closed, or unwanted is: then it is not
// queued. No root frame is ever queued behind a goodbye.
func (o *outbox) put(ctx context.Context, p *parcel, as rank, unwanted <-chan struct{}) error {
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
	err := o.refuse(as)
	if err == nil {
		o.queue = append(o.queue, p)
		o.size += len(p.buf.B)
		o.sealed = o.sealed || as == farewell
	}
	o.mu.Unlock()
	if err == nil {
		o.signal()
	}
	return err
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

// post queues a frame without waiting, whatever is queued: for the few frames that the reader answers with.
func (o *outbox) post(buf *wire.Buffer) {
	o.mu.Lock()
	if !o.closed {
		o.queue = append(o.queue, &parcel{buf: buf})
		o.size += len(buf.B)
	}
	o.mu.Unlock()
	o.signal()
}

// A latecomer makes its frame when it is about to be written, of what is the latest then. frame returns nil if there is nothing any more.
type latecomer interface{ frame() *wire.Buffer }

// postLatest has l's frame written behind all that is queued.
func (o *outbox) postLatest(l latecomer) {
	o.mu.Lock()
	o.latest = append(o.latest, l)
	o.mu.Unlock()
	o.signal()
}

// postPong replaces the pong that is still owed.
func (o *outbox) postPong(buf *wire.Buffer) {
	o.mu.Lock()
	o.pong = buf
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close makes senders fail and lets run end. What is queued is not written any more.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.free()
	o.settle()
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) free() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// settle tells whoever waits in flush that nothing is left to write. mu is held.
func (o *outbox) settle() {
	if o.idle != nil && (o.closed || (!o.busy && len(o.queue) == 0 && o.pong == nil && len(o.latest) == 0)) {
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

// take empties the box. Both results are empty and ok true if there is nothing to do.
func (o *outbox) take() (queue []*parcel, latest []latecomer, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, nil, false
	}
	queue, latest = o.queue, o.latest
	if o.pong != nil {
		queue = append(queue, &parcel{buf: o.pong})
	}
	o.queue, o.latest, o.pong, o.size = nil, nil, nil, 0
	o.busy = len(queue)+len(latest) > 0
	o.free()
	o.settle()
	return queue, latest, true
}

// run writes until the box is closed or the stream fails.
func (o *outbox) run() {
	scratch := make([]byte, 0, 4<<10)
	for range o.wake {
		for {
			queue, latest, ok := o.take()
			if !ok {
				return
			}
			if len(queue)+len(latest) == 0 {
				break
			}
			for _, l := range latest {
				if buf := l.frame(); buf != nil {
					queue = append(queue, &parcel{buf: buf})
				}
			}
			var err error
			if scratch, err = o.write(queue, scratch[:0]); err != nil {
				o.fail(err)
				return
			}
		}
	}
}

// write writes frames, small ones together.
func (o *outbox) write(queue []*parcel, scratch []byte) ([]byte, error) {
	for _, p := range queue {
		if !p.state.CompareAndSwap(waiting, handed) {
			p.buf.Release()
			continue
		}
		if len(scratch) > 0 && len(scratch)+len(p.buf.B) > batch {
			if _, err := o.w.Write(scratch); err != nil {
				return scratch, err
			}
			scratch = scratch[:0]
		}
		if len(p.buf.B) >= batch/2 && len(scratch) == 0 {
			if _, err := o.w.Write(p.buf.B); err != nil {
				return scratch, err
			}
		} else {
			scratch = append(scratch, p.buf.B...)
		}
		p.buf.Release()
	}
	if len(scratch) == 0 {
		return scratch, nil
	}
	_, err := o.w.Write(scratch)
	return scratch[:0], err
}
