package rpc

import (
	"context"
	"errors"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// loop is the textbook receiver: one goroutine reads every frame and hands it on. It runs no user code, writes nothing that
// can block and waits for nobody.
type loop struct {
	c *Conn
	r *wire.Reader
}

// await blocks until p is settled; false if ctx ended first.
func (l *loop) await(ctx context.Context, p *pending) bool {
	for {
		select {
		case <-p.reply:
			p.news.deliver()
			return true
		case <-ctx.Done():
			return false
		case <-p.news.arrived():
			p.news.deliver()
		}
	}
}

func (l *loop) run() {
	for {
		buf, err := l.r.Frame()
		if err != nil {
			l.c.fail(err)
			return
		}
		f, err := l.c.format.Decode(buf.B)
		if err == nil {
			err = l.c.dispatch(f, buf) // owns buf from here on
		} else {
			buf.Release()
			err = l.c.tolerate(err)
		}
		if err != nil {
			l.c.fail(err)
			return
		}
	}
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

// dispatch hands one frame to whom it concerns. Its error ends the connection.
func (c *Conn) dispatch(f wire.Frame, buf *wire.Buffer) error {
	if f.Kind != wire.Ping && f.Kind != wire.Pong {
		c.counts.received.Add(1)
	}
	switch f.Kind {
	case wire.Request:
		return c.serve(f, buf)
	case wire.Result, wire.Error, wire.End:
		return c.settle(f, buf)
	case wire.Notice:
		return c.enqueueNotice(f, buf)
	case wire.Item, wire.Upload:
		return c.arrivedItem(f, buf)
	case wire.Progress:
		c.arrivedProgress(f, buf)
		return nil
	}
	defer buf.Release()
	switch f.Kind {
	case wire.Cancel:
		c.cancelServing(f.Tx)
		return nil
	case wire.Credit:
		return c.credit(&f)
	case wire.UploadCredit:
		return c.streamCredit(&f)
	case wire.UploadEnd:
		return c.uploadEnd(&f)
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
