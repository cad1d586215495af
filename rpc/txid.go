package rpc

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A TxID makes the tx of a call: the name under which its frames travel, for those who want to find a call in a capture or a log. It must be
// unique among the calls in flight of its connection; an empty one, or one that is in use, fails the call before anything is sent.
// It may be called concurrently. The default numbers the calls, which is the cheapest.
type TxID func(*Message) string

// newTx names a call.
func (c *Conn) newTx(m *Message) (tx wire.Tx, err error) {
	if c.opt.TxID == nil {
		return wire.Tx{N: c.lastTx.Add(1)}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = NotSent(Internal, "%s: the generator of transaction ids panicked: %v", m.Type, p)
		}
	}()
	id := c.opt.TxID(m)
	if id == "" {
		return tx, NotSent(Invalid, "%s: the generator of transaction ids returned an empty one", m.Type)
	}
	return wire.TxOf(c.format, id), nil
}

// duplicateTx is the error of a tx that is in use.
func duplicateTx(what string, tx wire.Tx) error {
	return NotSent(Invalid, "%s: the generator of transaction ids returned %s, which another call in flight has", what, fmt.Sprintf("%.80q", tx.String()))
}
