package rpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// An inbound is a request or notice that is being handled here.
type inbound struct {
	conn  *Conn
	frame wire.Frame
	buf   *wire.Buffer
	size  int  // of the frame, in bytes; notices
	kind  Kind // as the handler declares it; empty until it is found
	call  *Call

	scope  *scope // the handler's context
	lease  lease  // of the payload; or of the caller's last item, and of who receives these, which may outlive the handler
	alone  bool   // nothing else was under way when it came, in either direction, and it opens no streams
	refuse *Error // why it may not run; nil: it may

	replacement *Message // what a middleware put in the payload's place; nil: nothing

	denied  bool // Permit refused it
	started bool // the payload was decoded: the handler's function runs, or has run

	opens Kind     // of a call with streams, as its caller says; empty: it has none
	up    *inlet   // the caller's items; nil: it sends none
	down  *outlet  // credit for the handler's items; nil: it sends none
	about *Message // what the middleware of its items is told; nil until its handler is found, and of a plain call
}

// decode reads the payload, in the handler's goroutine, and gives the frame's bytes back.
func (in *inbound) decode(v any) error {
	var err error
	if in.replacement != nil {
		err = in.replacement.Decode(v)
		in.release()
	} else {
		err = in.conn.unpack(&in.frame, in.buf, v, &in.lease)
		in.frame.Payload, in.buf = nil, nil
	}
	if err != nil {
		return &Error{Code: Invalid, NotStarted: true, Message: fmt.Sprintf("%s: payload: %v", in.frame.Type, err), local: err}
	}
	in.started = true
	return nil
}

func (in *inbound) release() {
	if in.buf != nil {
		in.frame.Payload = nil
		in.buf.Release()
		in.buf = nil
	}
}

// serve admits a request, whose handler the caller runs. It owns buf.
func (c *Conn) serve(f wire.Frame, buf *wire.Buffer) (*inbound, error) {
	if f.Tx.IsZero() {
		buf.Release()
		return nil, &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("a request %q without a tx", abridged(f.Type))}
	}
	in, err := c.newInbound(f, buf)
	if err != nil {
		buf.Release()
		return nil, err
	}
	if in.refuse, err = c.admit(in); err != nil {
		in.release()
		return nil, err
	}
	if c.profile == asWorker && c.opt.Handlers.isNotice(f.Type) {
		c.ordered.add(in.handle)
		return nil, nil
	}
	return in, nil
}

// milliseconds converts a peer's number without overflow; a negative one is 0.
func milliseconds(ms int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(max(ms, 0), most)) * time.Millisecond
}

// admit enters a request into the table. A call over the limit is refused; a peer that goes on regardless breaks the protocol.
func (c *Conn) admit(in *inbound) (refuse *Error, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, dup := c.serving[in.frame.Tx]; dup {
		return nil, &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("a second request with tx %s, which is still being handled", abridged(in.frame.Tx.String()))}
	}
	l, what, limit := c.loadOf(in)
	if l.requests >= 4*l.most {
		return nil, protocolError("%d %s in flight, four times the limit of %d (%s)", l.requests, what, l.most, limit)
	}
	l.requests++
	c.handlers++
	if l.serving >= l.most {
		c.counts.refused.Add(1)
		return &Error{Code: Exhausted, NotStarted: true, Retryable: true, Message: fmt.Sprintf("%s: %d %s are being handled already (%s)", abridged(in.frame.Type), l.serving, what, limit)}, nil
	}
	l.serving++
	c.serving[in.frame.Tx] = in
	in.alone = in.opens == "" && c.handlers == 1 && len(c.calls) == 0
	return nil, nil
}

// A load is how many requests of one sort a connection has.
type load struct {
	most     int // immutable
	requests int // that are not answered, those that are being refused included
	serving  int // that are in the table
}

// loadOf returns what a request counts as, its name, and the name of its limit.
func (c *Conn) loadOf(in *inbound) (l *load, what, limit string) {
	if in.opens != "" {
		return &c.streamers, "streams", "limits.streams"
	}
	return &c.callers, "calls", "limits.inflight"
}

// outcome is what a handler ended with.
type outcome struct {
	res  any
	err  error
	gone bool // it ended its goroutine instead
}

// handle runs the handler and answers.
func (in *inbound) handle() {
	c, ctx := in.conn, context.Context(in.scope)
	// What stands if the handler never returns: runtime.Goexit, as testing's FailNow calls it, runs only what is deferred.
	out, start := outcome{gone: true}, c.begun()
	in.call = c.newCall(start)
	defer c.conclude(in, &out, start)
	if in.refuse != nil {
		out = outcome{err: c.record(in, in.refuse)}
		return
	}
	if err := ctx.Err(); err != nil { // the caller has given up: it would not read the answer
		e := fromContext(ctx, in.frame.Type+": over before its handler began")
		e.Origin = c.opt.Side
		out = outcome{err: c.record(in, e)}
		return
	}
	out.res, out.err = c.runHandler(ctx, in)
	out.gone = false
	c.answering(ctx, in, &out)
}

func errGoexit(in *inbound) *Error {
	return &Error{Code: Internal, Origin: in.conn.opt.Side, Message: in.frame.Type + ": the handler ended its goroutine without returning"}
}

// conclude answers. The request leaves the table first: a peer that has its answer may send the next call at once.
func (c *Conn) conclude(in *inbound, out *outcome, start time.Time) {
	if out.gone {
		out.err = errGoexit(in)
	}
	in.release()
	in.scope.cancel()
	if in.up != nil {
		in.up.close()
	}
	c.end(in.call, out.err)
	c.observe(Observation{Type: in.frame.Type, Kind: in.kind, Incoming: true, Err: out.err}, start)
	c.mu.Lock()
	l, _, _ := c.loadOf(in)
	if c.serving[in.frame.Tx] == in {
		delete(c.serving, in.frame.Tx)
		l.serving--
	}
	how := among(c.handlers)
	c.mu.Unlock()
	in.scope.news.last()
	c.answer(in, out, how)
	if in.up == nil {
		in.lease.end() // the answer may have been a part of it
	}
	c.mu.Lock()
	l.requests--
	c.finished()
	c.mu.Unlock()
	c.recycleInbound(in)
}

// recycleInbound has in used again for another request, if nobody else knows it. Whoever reads may still look at what it was: that is left as it is.
func (c *Conn) recycleInbound(in *inbound) {
	if in.opens == "" && len(c.opt.Middleware) == 0 {
		c.used.Put(in)
	}
}

// finished counts a handler out. mu is held.
func (c *Conn) finished() {
	c.handlers--
	c.settleIdle()
}

// runHandler calls user code: a panic becomes an Internal error with its stack. The error is nil or an *Error.
func (c *Conn) runHandler(ctx context.Context, in *inbound) (res any, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, c.record(in, &Error{Code: Internal, Message: fmt.Sprintf("%s: handler panicked: %v", in.frame.Type, p), Name: "panic", Stack: string(debug.Stack())})
			c.warn("handler panicked", "message", in.frame.Type, "panic", fmt.Sprint(p))
		}
	}()
	if res, err = c.execute(ctx, in); err != nil {
		return nil, c.record(in, err)
	}
	return res, nil
}

// execute runs the handler, if there is one that the peer may use and no middleware minds.
func (c *Conn) execute(ctx context.Context, in *inbound) (any, error) {
	h, err := c.find(in)
	if err != nil {
		return nil, err
	}
	in.kind = h.use.Kind
	if err := c.permit(in); err != nil {
		return nil, err
	}
	if in.opens != "" {
		in.about = &Message{Kind: in.kind, Type: in.frame.Type, Call: in.call}
	}
	if err := c.incoming(ctx, in); err != nil {
		return nil, err
	}
	return h.run(ctx, in)
}

func (c *Conn) permit(in *inbound) error {
	if c.opt.Permit == nil {
		return nil
	}
	err := c.opt.Permit(in.frame.Type)
	if err != nil {
		in.denied = true
		c.counts.denied.Add(1)
	}
	return err
}

func (c *Conn) find(in *inbound) (Handler, error) {
	if c.profile == asWorker {
		return c.opt.Handlers.findWorkers(in.frame.Type)
	}
	sent := in.opens
	if in.frame.Kind == wire.Notice {
		sent = KindNotice
	}
	return c.opt.Handlers.find(in.frame.Type, sent)
}

// record is err as it travels. Whether the handler never ran is known here alone: an error of a call that the handler made
// may say so of that call.
func (c *Conn) record(in *inbound, err error) *Error {
	e := *toError(err, 1)
	switch {
	case err == context.Canceled || err == context.DeadlineExceeded: // bare: it would not say of what
		e.Message = in.frame.Type + ": " + e.Message
	case e.Origin == FromTransport:
		e = relayed(e)
	}
	e.NotStarted, e.unsent = !in.started, false
	if e.Origin == "" {
		e.Origin = c.opt.Side
	}
	if e.Code == "" {
		e.Code = Unknown
	}
	return &e
}

// relayed is an answer that passes on how another call of this side came to grief: of the call that it answers it is no loss. What that
// other call met stands in its cause.
func relayed(e Error) Error {
	lost := e
	e.Origin, e.Cause, e.local = "", &lost, &lost
	return e
}

// answer sends the result or error of a request.
func (c *Conn) answer(in *inbound, out *outcome, how haste) {
	buf, err := c.encodeAnswer(in, out)
	out.res = nil // the frame may have to wait
	if err != nil {
		c.warn("answer dropped", "message", in.frame.Type, "error", err.Error())
		return
	}
	_ = c.out.send(c.base, buf, nested, how)
}

// encodeAnswer encodes a result or an error. What cannot be encoded becomes an error.
func (c *Conn) encodeAnswer(in *inbound, out *outcome) (*wire.Buffer, error) {
	err := out.err
	if err == nil {
		buf, encodeErr := c.encodeGuarded(&wire.Frame{Kind: in.endsWith(), Tx: in.frame.Tx, Answers: in.frame.Type}, c.resultPayload(out.res))
		if encodeErr == nil {
			return buf, nil
		}
		err = c.record(in, &Error{Code: Internal, Message: fmt.Sprintf("%s: encode the result: %v", in.frame.Type, encodeErr)})
	}
	f := wire.Frame{Kind: wire.Error, Tx: in.frame.Tx, Answers: in.frame.Type}
	buf, encodeErr := c.encodeGuarded(&f, c.errorPayload(toError(err, 1)))
	if encodeErr == nil {
		return buf, nil
	}
	e := c.record(in, err) // details that the serializer refuses, a message over the limit
	return c.encodeGuarded(&f, c.errorPayload(&Error{Code: e.Code, Name: e.Name, Origin: e.Origin, Retryable: e.Retryable, NotStarted: e.NotStarted,
		Message: fmt.Sprintf("%.1000q (the rest of this error could not be encoded: %.1000v)", e.Message, encodeErr)}))
}

// encodeGuarded is encode for a handler's values: their own marshalers may panic, and no caller is there to blame.
func (c *Conn) encodeGuarded(f *wire.Frame, payload any) (buf *wire.Buffer, err error) {
	defer func() {
		if p := recover(); p != nil {
			buf, err = nil, fmt.Errorf("encoding panicked: %v", p)
		}
	}()
	return c.encode(f, payload)
}

// cancelServing ends the context of a request's handler.
func (c *Conn) cancelServing(tx wire.Tx) {
	c.mu.Lock()
	in := c.serving[tx]
	c.mu.Unlock()
	if in != nil {
		in.scope.cancel()
	}
}
