package rpc

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// finish decodes what the call ended with, in the caller's goroutine.
func (c *Conn) finish(ctx context.Context, m *Message, p *pending, reply any) error {
	if p.buf == nil {
		if p.expired {
			return c.expired(m.Type, p.unsent)
		}
		if p.reason != "" {
			return p.called(m.Type)
		}
		return c.over(m.Type, !p.parcel.withdraw())
	}
	if p.frame.Kind != wire.Error && len(c.opt.Middleware) == 0 {
		return c.badReply(m, c.unpack(&p.frame, p.buf, reply, m.lease))
	}
	defer p.buf.Release()
	var failed *Error
	if p.frame.Kind == wire.Error {
		var err error
		if failed, err = c.readError(m, p); err != nil {
			return err
		}
		failed = c.overdue(ctx, m, p, failed)
	}
	if len(c.opt.Middleware) > 0 {
		return c.answered(ctx, m, p, failed, reply)
	}
	return failed
}

// dueGrace is how long a context may take to end once its deadline has passed: its timer may be late, on a busy machine by much.
const dueGrace = time.Second

// awaitDue waits for a context to end whose deadline has passed, so that its cause is known; false: it does not.
func awaitDue(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	timer := time.NewTimer(dueGrace)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true
	case <-timer.C:
		return false
	}
}

// overdue is what an answer means that came of the call's deadline: the caller's own reason, which says more, and which it would have seen a moment later.
func (c *Conn) overdue(ctx context.Context, m *Message, p *pending, failed *Error) *Error {
	by := p.deadline
	if failed.Code != Timeout || by.at.IsZero() || time.Now().Before(by.at) || !by.ours && !awaitDue(ctx) {
		return failed
	}
	e := c.expired(m.Type, false)
	if !by.ours {
		e = fromContext(ctx, m.Type)
	}
	e.NotStarted = failed.NotStarted
	return e
}

// called is the error of a call that CancelCalls ended.
func (p *pending) called(what string) *Error {
	sent := !p.parcel.withdraw()
	if p.moved && sent {
		return &Error{Code: Moved, Message: what + ": " + p.reason + ": open it again", Origin: FromTransport}
	}
	return &Error{Code: Unavailable, Message: what + ": " + p.reason, Origin: FromTransport, lost: sent, unsent: !sent, Retryable: !sent}
}

// badReply is the error of a reply that does not fit; nil if it does.
func (c *Conn) badReply(m *Message, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: Invalid, Message: fmt.Sprintf("%s: reply: %v", m.Type, err), Origin: FromTransport, local: err}
}

// readError reads the error that the peer answered.
func (c *Conn) readError(m *Message, p *pending) (*Error, error) {
	if c.profile != hotplug {
		return c.readWorkerError(m.Type, p)
	}
	var e Error
	if err := c.format.DecodePayload(&p.frame, &e); err != nil {
		return nil, &Error{Code: Protocol, Message: fmt.Sprintf("%s: the error that the peer answered cannot be read: %v", m.Type, err), Origin: FromTransport}
	}
	if e.Code == "" {
		e.Code = Unknown
	}
	if e.Origin == FromTransport { // of a library that passes on what it got: this call was answered
		e = relayed(e)
		e.Origin = c.opt.Side.other()
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("%s: the peer answered %s without a message", m.Type, e.Code)
	}
	return &e, nil
}

// expired is the error of a call that the call time-out ended.
func (c *Conn) expired(what string, unsent bool) *Error {
	return &Error{Code: Timeout, Message: what + ": " + c.tooLate.Error(), Origin: FromTransport, local: c.tooLate, unsent: unsent}
}
