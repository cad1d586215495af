package rpc

import (
	"context"
	"errors"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// loop is the receiver of streams that are no sockets: one goroutine reads every frame and hands it on. It runs no user code, writes nothing that
// can block and waits for nobody.
type loop struct {
	c *Conn
	r *wire.Reader
}

// await implements receiver.
func (l *loop) await(ctx context.Context, p *pending, wake <-chan struct{}) bool {
	ready, _ := p.wait(ctx, wake, nil)
	return ready
}

func (l *loop) run(bool) {
	defer l.c.wg.Done()
	for {
		buf, err := l.r.Frame()
		l.c.heard = time.Now()
		a := l.c.arrive(buf, err)
		if a.in != nil {
			l.c.crew.run(a.in)
		}
		if a.over {
			return
		}
	}
}

func (l *loop) interrupt() {}

// arrived is what a frame meant.
type arrived struct {
	in      *inbound // a request, whose handler is to be run; nil: none
	replied bool     // a call from here is over
	served  bool     // it was for a handler
	over    bool     // the connection is
}

// arrive takes a frame, or the reason why there is none.
func (c *Conn) arrive(buf *wire.Buffer, err error) arrived {
	var a arrived
	if err == nil {
		a, err = c.decode(buf)
	}
	if err != nil {
		c.fail(err)
		a.over = true
	}
	return a
}

// decode takes a frame. It owns buf.
func (c *Conn) decode(buf *wire.Buffer) (a arrived, err error) {
	f, err := c.format.Decode(buf.B)
	if err != nil {
		buf.Release()
		return a, c.tolerate(err)
	}
	if err := wire.CheckHeaders(len(f.Meta.Headers)); err != nil {
		buf.Release()
		return a, protocolError("%s", err)
	}
	switch f.Kind {
	case wire.Result, wire.Error, wire.End:
		a.replied = true
	case wire.Request, wire.Notice, wire.Upload, wire.UploadEnd:
		a.served = true
	case wire.Credit:
		a.served = !f.Tx.IsZero()
	}
	a.in, err = c.dispatch(f, buf) // owns buf from here on
	return a, err
}

// tolerate drops a corrupt frame if the next one can still be found.
func (c *Conn) tolerate(err error) error {
	c.counts.corruptFrames.Add(1)
	var corrupt *wire.Corrupt
	if errors.As(err, &corrupt) && corrupt.Recoverable {
		c.warn("corrupt frame dropped", "reason", corrupt.Reason)
		return nil
	}
	return err
}

// dispatch hands one frame to whom it concerns; a request's handler is for the caller to run. Its error ends the connection.
func (c *Conn) dispatch(f wire.Frame, buf *wire.Buffer) (*inbound, error) {
	if f.Kind != wire.Ping && f.Kind != wire.Pong {
		c.counts.received.Add(1)
	}
	switch f.Kind {
	case wire.Request:
		return c.serve(f, buf)
	case wire.Result, wire.Error, wire.End:
		return nil, c.settle(f, buf)
	case wire.Notice:
		return nil, c.enqueueNotice(f, buf)
	case wire.Item, wire.Upload:
		return nil, c.arrivedItem(f, buf)
	case wire.Progress:
		c.arrivedProgress(f, buf)
		return nil, nil
	}
	defer buf.Release()
	return nil, c.control(&f)
}

// control takes a frame without a payload.
func (c *Conn) control(f *wire.Frame) error {
	switch f.Kind {
	case wire.Cancel:
		c.cancelServing(f.Tx)
		return nil
	case wire.Credit:
		return c.credit(f)
	case wire.UploadCredit:
		return c.streamCredit(f)
	case wire.UploadEnd:
		return c.uploadEnd(f)
	case wire.Ping:
		return c.answerPing(f.Tx)
	case wire.Pong:
		c.pings.settle(f.Tx)
		return nil
	case wire.Goodbye:
		c.heardGoodbye(f.Meta)
		return nil
	}
	if f.Kind >= wire.FirstIgnorable {
		return nil
	}
	return protocolError("a frame of kind %s (%d), which this side does not take", f.Kind, uint8(f.Kind))
}

// settle ends the call that a reply belongs to; a reply to no call is counted and dropped.
func (c *Conn) settle(f wire.Frame, buf *wire.Buffer) error {
	c.mu.Lock()
	p := c.calls[f.Tx]
	fits := p != nil && p.endsWith(f.Kind)
	if fits && p.notice != "" {
		c.notices.acknowledge(1) // before it leaves the table: whoever waits for that finds it acknowledged
	}
	if fits {
		c.forget(p)
	}
	c.mu.Unlock()
	switch {
	case p == nil:
		c.paid(f.Tx)
		c.counts.droppedReplies.Add(1)
		buf.Release()
	case !fits:
		buf.Release()
		return noSuchStream(&f)
	case p.notice != "":
		c.acknowledged(p, f, buf)
	default:
		p.settle(f, buf)
	}
	return nil
}
