package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Conn carries messages of both directions over one stream. It is a Peer: the other end. All methods may
// be called concurrently.
type Conn struct {
	opt     Options
	profile profile
	format  wire.Format
	framing int // bytes of a frame that are its length prefix or terminator
	stream  net.Conn
	out     *outbox
	in      receiver
	base    context.Context // ends with the connection; carries what handlers find
	cancel  context.CancelCauseFunc
	slots   chan struct{} // one for each call in flight from here
	streams chan struct{} // one for each call with streams that was opened here
	tooLate error         // the cause of a call that the call time-out ended
	lastTx  atomic.Uint64
	spare   sync.Pool                          // of *pending without streams
	used    sync.Pool                          // of *inbound without streams
	heard   time.Time                          // when the frame was read that is being handed on; of who reads
	checked atomic.Pointer[map[checkKey]error] // copied when it grows

	mu        sync.Mutex // guards all below; never held while calling out
	calls     map[wire.Tx]*pending
	owed      map[wire.Tx]chan struct{} // the slots of calls that were left here and are not answered
	serving   map[wire.Tx]*inbound
	answers   int           // of calls: those that stand for notices, which isolated-workers/1 answers
	idle      chan struct{} // closed when nothing runs any more; nil if nobody waits
	leaving   bool          // goodbye was said here: no new root calls
	ended     error         // why the connection is over
	handlers  int           // handlers running, those of notices included, until their answers are queued
	callers   load          // requests of calls
	streamers load          // requests of calls with streams
	alarm     alarm

	notices noticeSender
	inbox   noticeQueue
	crew    crew
	ordered queue // what isolated-workers/1 sends as requests to handlers of notices
	pings   pings

	goodbyes goodbyes

	counts counters
	done   chan struct{} // closed when the connection is over
	wg     sync.WaitGroup
}

// receiver is how frames get in and to whoever waits for them: it hides who reads the stream.
type receiver interface {
	// run reads in a goroutine that Close waits for, and counts it out. mine says that it has the turn to read.
	run(mine bool)

	// await blocks until p is settled or wake is ready; false if ctx ended first. Meanwhile it hands over progress.
	await(ctx context.Context, p *pending, wake <-chan struct{}) bool

	// interrupt has whoever awaits a call that was settled from this end look.
	interrupt()
}

// NewConn starts carrying messages over a stream on which the handshake, if there is one, is done. The Conn owns the stream from
// now on; Close ends both. Of ctx it keeps the values, which handlers find in theirs, and not the cancellation.
func NewConn(ctx context.Context, stream net.Conn, opt Options) *Conn {
	opt.setDefaults()
	profile := opt.profile()
	format := wire.WithNames(opt.format(profile), opt.Handlers.names())
	r := wire.ReaderOf(stream)
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &Conn{
		opt: opt, profile: profile, format: format, framing: wire.Overhead(format), stream: stream, base: base, cancel: cancel,
		slots: make(chan struct{}, opt.MaxInflight), streams: make(chan struct{}, opt.MaxStreams), tooLate: lateCause(opt.CallTimeout),
		calls: make(map[wire.Tx]*pending), owed: make(map[wire.Tx]chan struct{}), serving: make(map[wire.Tx]*inbound),
		callers: load{most: opt.MaxInflight}, streamers: load{most: opt.MaxStreams}, done: make(chan struct{}),
	}
	c.out = newOutbox(stream, c.writeFailed)
	c.alarm.ring = c.ring
	c.crew.home = &c.wg
	if profile == asWorker {
		c.callers.most += noticeWindow // notices come as requests, beside those that the caller counts
	}
	c.notices.init()
	c.pings.init()
	c.inbox.next = 1
	r.SetFraming(c.format, opt.MaxFrame)
	c.in = &loop{c: c, r: r}
	if c.out.pen.tries() {
		widen(stream)
		c.in = newTurns(c, r)
	}
	c.wg.Add(2)
	go func() { defer c.wg.Done(); c.out.run() }()
	go c.in.run(true)
	return c
}

// socketBuffer is what a socket's buffers in the kernel are to hold, in bytes. The system may give less.
const socketBuffer = 1 << 20

// bare is the connection that a handshake was read from.
func bare(stream net.Conn) net.Conn {
	if s, ok := stream.(*wire.Stream); ok {
		return s.Conn
	}
	return stream
}

// widen has large frames take fewer turns between the two ends.
func widen(stream net.Conn) {
	if s, ok := bare(stream).(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	}); ok {
		_, _ = s.SetReadBuffer(socketBuffer), s.SetWriteBuffer(socketBuffer) // they work with the size that they have
	}
}

// rejoin has Close wait for this goroutine again; false: the connection is over.
func (c *Conn) rejoin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return false
	}
	c.wg.Add(1)
	return true
}

// Done is closed when the connection is over, by either side.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection is over; nil while it is not, io.EOF if the peer closed it.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// ErrClosed is the Err of a connection that this side closed.
var ErrClosed = errors.New("connection closed")

// Close ends the connection at once: calls in flight fail with Unavailable, the contexts of running handlers end. It waits for
// the connection's goroutines, not for handlers. To let them finish, call Goodbye and Drain first.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	c.wg.Wait()
	return nil
}

// restLimit is how long what a peer wrote before it closed the connection may take to be read.
const restLimit = time.Second

// writeFailed ends a connection that takes no more frames. A peer that answers and closes is the usual reason: its answers are read first, to
// the end of file, which ends the connection.
func (c *Conn) writeFailed(err error) {
	c.out.close()
	timer := time.NewTimer(restLimit)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.fail(fmt.Errorf("write: %w", err))
	}
}

// fail ends the connection, once.
func (c *Conn) fail(cause error) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return
	}
	c.ended = cause
	calls, owed := c.calls, c.owed
	c.calls, c.owed, c.answers = nil, nil, 0
	c.alarm.stop()
	c.crew.dismiss()
	c.mu.Unlock()

	c.out.close()
	c.stream.Close()
	c.cancel(&Error{Code: Unavailable, Message: "connection to the caller is over: " + cause.Error(), Origin: FromTransport})
	for _, slot := range owed {
		<-slot
	}
	for _, p := range calls {
		p.settle(wire.Frame{}, nil)
	}
	c.pings.end()
	close(c.done)
	if !errors.Is(cause, io.EOF) && !errors.Is(cause, ErrClosed) {
		c.warn("connection ended", "reason", cause.Error())
	}
}

// over is the error of a call that the end of the connection ended.
func (c *Conn) over(what string, delivered bool) *Error {
	return &Error{Code: Unavailable, Message: fmt.Sprintf("%s: %s", what, endText(c.Err())), Origin: FromTransport, unsent: !delivered, Retryable: !delivered, lost: delivered}
}

func endText(err error) string {
	if errors.Is(err, io.EOF) {
		return "the peer closed the connection"
	}
	return err.Error()
}

type checkKey struct {
	name  string
	kind  Kind
	types types
}

// check compares what is about to be sent with what the peer handles, once for each message.
func (c *Conn) check(m *Message) error {
	if c.profile != hotplug {
		return c.checkSend(m)
	}
	if c.opt.PeerHandles == nil || m.types == nil || strings.HasPrefix(m.Type, ReservedPrefix) {
		return nil // lifecycle calls are announced as features
	}
	key := checkKey{m.Type, m.Kind, m.types}
	known := c.checked.Load()
	if known != nil {
		if err, seen := (*known)[key]; seen {
			return err
		}
	}
	err := c.compare(m)
	c.remember(known, key, err)
	return err
}

// remember adds what check has found. If another check has added something meanwhile, this one is made again some time.
func (c *Conn) remember(known *map[checkKey]error, key checkKey, err error) {
	more := map[checkKey]error{key: err}
	if known != nil {
		maps.Copy(more, *known)
	}
	c.checked.CompareAndSwap(known, &more)
}

func (c *Conn) compare(m *Message) error {
	for i := range c.opt.PeerHandles {
		there := &c.opt.PeerHandles[i]
		if there.Name != m.Type {
			continue
		}
		use := m.types.use(m.Type, m.Kind)
		here, handled := use.record(), there.record()
		if err := wire.CheckMessage(&here, &handled); err != nil {
			return NotSent(Invalid, "%w", err)
		}
		return nil
	}
	err := unimplemented(m.Type, c.opt.PeerHandles)
	err.unsent, err.Origin = true, FromTransport
	return err
}
