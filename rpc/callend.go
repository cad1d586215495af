package rpc

import "time"

// A Call is what one end knows of one call, for middleware: the request and the reply that pass an end carry the same one, so a
// middleware can tell which belong together. A notice has one of its own. The two ends of a connection do not share it. One goroutine
// at a time uses it: that of the caller, or that of the handler.
type Call struct {
	Start   time.Time // when this end began: before the request's middleware
	Replied bool      // the reply has reached the middleware; it is set before the first of them sees it

	onEnd []func(error)
	ended bool
}

// OnEnd has f called once the call is over at this end, whatever ended it: a reply, an error, the end of its context or of the connection. A
// middleware calls it while it has the request. f gets what the caller gets, or what the handler's end answers with; nil is success.
// Of a notice it gets whether it was queued, or handled.
//
// Functions run in the order in which they were given, in the goroutine of the call, before the caller has its result and before the answer
// is sent: they must not block. One that panics is logged.
func (k *Call) OnEnd(f func(err error)) { k.onEnd = append(k.onEnd, f) }

// newCall returns nil if no middleware would see it.
func (c *Conn) newCall(start time.Time) *Call {
	if len(c.opt.Middleware) == 0 {
		return nil
	}
	return &Call{Start: start}
}

// begin returns a copy of m that middleware may change, and its call; m itself and nil if there is none.
func (c *Conn) begin(m *Message, start time.Time) (*Message, *Call) {
	if len(c.opt.Middleware) == 0 {
		return m, nil
	}
	own := *m
	own.Call = c.newCall(start)
	return &own, own.Call
}

// end calls what OnEnd was given, once.
func (c *Conn) end(k *Call, err error) {
	if k == nil || k.ended {
		return
	}
	k.ended = true
	for _, f := range k.onEnd {
		c.guard("middleware's end of a call", func() { f(err) })
	}
}
