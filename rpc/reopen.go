package rpc

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// A reopener is a Flow that is opened again when it turns out that it never began: its request was not sent, or the other side had no room for it. Nothing
// was exchanged on it then, so whoever uses it need not know.
type reopener struct {
	r       *Retrier
	ctx     context.Context
	m       *Message
	current atomic.Pointer[opened]
	closed  atomic.Bool
	shut    atomic.Bool // CloseSend was called

	stop  atomic.Pointer[context.CancelFunc] // ends waiting; nil while there is none
	first opened

	mu      sync.Mutex // guards all below; held while the flow is opened again
	trial   trial
	waiting context.Context // bounds all waiting for another attempt; nil until the first
}

// opened is one attempt: a Flow, and where.
type opened struct {
	Flow
	on Peer
}

func (r *Retrier) reopening(ctx context.Context, m *Message, f Flow, on Peer) Flow {
	o := &reopener{r: r, ctx: ctx, m: m, trial: trial{repeats: repeats(ctx, m)}, first: opened{f, on}}
	o.current.Store(&o.first)
	return o
}

// do does something with the flow, and with the next one if it never began.
func (o *reopener) do(what func(Flow) error) error {
	for {
		at := o.current.Load()
		err := what(at.Flow)
		if err == nil || err == io.EOF || Delivered(err) == PerhapsDelivered {
			return err
		}
		if err = o.again(at, err); err != nil {
			return err
		}
	}
}

// again opens the flow anew, unless that was done since. Its error is final.
func (o *reopener) again(failed *opened, err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current.Load() != failed {
		return nil
	}
	if o.closed.Load() || !o.trial.again(failed.on, err) {
		return err
	}
	o.wait()
	var f Flow
	var on Peer
	final := o.r.goOn(o.ctx, o.waiting, o.m, &o.trial, err, func(p Peer) (err error) { on = p; f, err = p.Open(o.ctx, o.m); return err })
	if final != nil {
		return final
	}
	failed.Close()
	o.current.Store(&opened{f, on})
	if o.shut.Load() {
		_ = f.CloseSend()
	}
	if o.closed.Load() {
		f.Close()
	}
	return nil
}

// wait begins the time in which the flow may be opened again. mu is held.
func (o *reopener) wait() {
	if o.waiting != nil {
		return
	}
	patience, cancel := patient(o.ctx)
	waiting, stop := context.WithCancel(patience)
	both := context.CancelFunc(func() { stop(); cancel() })
	o.waiting = waiting
	o.stop.Store(&both)
	if o.closed.Load() {
		both()
	}
}

// Send implements Flow.
func (o *reopener) Send(item any) error { return o.do(func(f Flow) error { return f.Send(item) }) }

// CloseSend implements Flow.
func (o *reopener) CloseSend() error {
	o.shut.Store(true)
	return o.do(Flow.CloseSend)
}

// Recv implements Flow.
func (o *reopener) Recv(item any) error { return o.do(func(f Flow) error { return f.Recv(item) }) }

// Result implements Flow.
func (o *reopener) Result(reply any) error {
	return o.do(func(f Flow) error { return f.Result(reply) })
}

// Close implements Flow.
func (o *reopener) Close() {
	o.closed.Store(true)
	if stop := o.stop.Load(); stop != nil {
		(*stop)()
	}
	o.current.Load().Close()
}
