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
	conn   *Conn
	frame  wire.Frame
	buf    *wire.Buffer
	kind   Kind // as the handler declares it; empty until it is found
	cancel context.CancelFunc
}

// decode reads the payload, in the handler's goroutine, and gives the frame's bytes back.
func (in *inbound) decode(v any) error {
	err := in.conn.format.DecodePayload(&in.frame, v)
	in.release()
	if err != nil {
		return &Error{Code: Invalid, NotStarted: true, Message: fmt.Sprintf("%s: payload: %v", in.frame.Type, err), local: err}
	}
	return nil
}

func (in *inbound) release() {
	if in.buf != nil {
		in.frame.Payload = nil
		in.buf.Release()
		in.buf = nil
	}
}

// serve starts the handler of a request. It owns buf.
func (c *Conn) serve(f wire.Frame, buf *wire.Buffer) error {
	if f.Tx.IsZero() {
		buf.Release()
		return &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("a request %q without a tx", f.Type)}
	}
	in := &inbound{conn: c, frame: f, buf: buf}
	ctx := context.WithValue(c.base, inboundKey{}, in)
	if f.Meta.Deadline > 0 {
		ctx, in.cancel = context.WithTimeout(ctx, milliseconds(f.Meta.Deadline))
	} else {
		ctx, in.cancel = context.WithCancel(ctx)
	}
	refuse, err := c.admit(in)
	if err != nil {
		in.release()
		in.cancel()
		return err
	}
	go c.handle(ctx, in, refuse)
	return nil
}

// milliseconds converts a peer's number without overflow.
func milliseconds(ms int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(ms, most)) * time.Millisecond
}

// admit enters a request into the table. A call over the limit is refused; a peer that goes on regardless breaks the protocol.
func (c *Conn) admit(in *inbound) (refuse *Error, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, dup := c.serving[in.frame.Tx]; dup {
		return nil, &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("a second request with tx %s, which is still being handled", in.frame.Tx)}
	}
	n := len(c.serving)
	if n >= 4*c.opt.MaxInflight {
		return nil, &Error{Code: Protocol, Origin: FromTransport, Message: fmt.Sprintf("%d calls in flight, four times the limit of %d (limits.inflight)", n, c.opt.MaxInflight)}
	}
	c.serving[in.frame.Tx] = in
	c.handlers++
	if n >= c.opt.MaxInflight {
		c.counts.refused.Add(1)
		refuse = &Error{Code: Exhausted, NotStarted: true, Retryable: true, Message: fmt.Sprintf("%s: %d calls are being handled already (limits.inflight)", in.frame.Type, n)}
	}
	return refuse, nil
}

// handle runs the handler and answers.
func (c *Conn) handle(ctx context.Context, in *inbound, refuse *Error) {
	defer in.cancel()
	defer c.leave(in)
	start := time.Now()
	var res any
	var err error
	if refuse != nil {
		err = refuse
	} else {
		res, err = c.runHandler(ctx, in, false)
	}
	in.release()
	c.observe(Observation{Type: in.frame.Type, Kind: in.kind, Incoming: true, Duration: time.Since(start), Err: err})
	c.answer(in, res, err)
}

// leave takes a request out of the table.
func (c *Conn) leave(in *inbound) {
	c.mu.Lock()
	delete(c.serving, in.frame.Tx)
	c.finished()
	c.mu.Unlock()
}

// finished counts a handler out. mu is held.
func (c *Conn) finished() {
	c.handlers--
	c.settleIdle()
}

// runHandler calls user code: a panic becomes an Internal error with its stack.
func (c *Conn) runHandler(ctx context.Context, in *inbound, notice bool) (res any, err error) {
	h, err := c.opt.Handlers.find(in.frame.Type, notice)
	if err != nil {
		return nil, err
	}
	in.kind = h.use.Kind
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Code: Internal, Message: fmt.Sprintf("%s: handler panicked: %v", in.frame.Type, p), Name: "panic", Stack: string(debug.Stack())}
			c.warn("handler panicked", "message", in.frame.Type, "panic", fmt.Sprint(p))
		}
	}()
	return h.run(ctx, in)
}

// answer sends the result or error of a request. What cannot be encoded becomes an error.
func (c *Conn) answer(in *inbound, res any, err error) {
	f := wire.Frame{Kind: wire.Result, Tx: in.frame.Tx}
	if err == nil {
		buf, encodeErr := c.encode(&f, res)
		if encodeErr == nil {
			_, _ = c.out.send(c.base, buf)
			return
		}
		err = &Error{Code: Internal, Message: fmt.Sprintf("%s: encode the result: %v", in.frame.Type, encodeErr)}
	}
	f.Kind = wire.Error
	e := *toError(err, 1)
	if e.Origin == "" {
		e.Origin = c.opt.Side
	}
	buf, encodeErr := c.encode(&f, &e)
	if encodeErr != nil { // details that the serializer refuses, a message over the limit
		short := Error{Code: e.Code, Name: e.Name, Origin: e.Origin, Message: fmt.Sprintf("%.1000q (the rest of this error could not be encoded: %.1000v)", e.Message, encodeErr)}
		if buf, encodeErr = c.encode(&f, &short); encodeErr != nil {
			return
		}
	}
	_, _ = c.out.send(c.base, buf)
}

// cancelServing ends the context of a request's handler.
func (c *Conn) cancelServing(tx wire.Tx) {
	c.mu.Lock()
	in := c.serving[tx]
	c.mu.Unlock()
	if in != nil {
		in.cancel()
	}
}
