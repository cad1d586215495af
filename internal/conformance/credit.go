package conformance

import (
	"errors"
	"fmt"
	"math"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// maxCredit is the most that may be granted and not used, in items and in bytes.
const maxCredit = 1<<53 - 1

// A credit is what the sender of a stream may still send. Bytes may fall below zero.
type credit struct{ items, bytes int64 }

func (c *credit) open() bool { return c.items > 0 && c.bytes > 0 }

// spend takes an item off, whose frame has so many bytes without its prefix or terminator.
func (c *credit) spend(size int) { c.items, c.bytes = c.items-1, c.bytes-int64(size) }

// grant adds what a frame gives, and reports whether the sum is allowed.
func (c *credit) grant(m *wire.Meta) bool {
	c.items += int64(min(m.Items, math.MaxInt64/4))
	c.bytes += int64(min(m.Bytes, math.MaxInt64/4))
	return c.items <= maxCredit && c.bytes <= maxCredit
}

// A call is one of ours that is not answered.
type call struct {
	tx     string // its key
	opens  string // "stream", "upload" or "duplex"; empty or another text: none
	theirs credit // what we gave the plugin, for its items
	ours   credit // what it gave us, for ours
}

func (c *call) uploads() bool   { return c.opens == "upload" || c.opens == "duplex" }
func (c *call) downloads() bool { return c.opens == "stream" || c.opens == "duplex" }

// said keeps account of a frame of ours, of so many bytes with prefix or terminator, that is about to be written. What it grants counts from
// now on, though the plugin does not know yet: whoever is found without credit did wrong.
func (p *peer) said(f *wire.Frame, size int) {
	c := p.calls[key(f.Tx)]
	switch {
	case f.Kind == wire.Request:
		c = &call{tx: key(f.Tx), opens: f.Meta.Opens}
		c.theirs.grant(&f.Meta)
		p.calls[c.tx] = c
	case f.Kind == wire.Notice:
		p.lastNotice = f.Tx.N
		p.window.add(size)
	case f.Kind == wire.Credit && f.Tx.IsZero():
		p.told.acknowledge(f.Meta.Items)
	case c == nil:
	case f.Kind == wire.Credit:
		c.theirs.grant(&f.Meta)
	case f.Kind == wire.Upload:
		c.ours.spend(size - p.overhead())
	}
}

// callOf is the call that a frame of the plugin's belongs to.
func (p *peer) callOf(f frame) (*call, error) {
	if c := p.calls[key(f.Tx)]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("%s for a call that is not pending, or was answered before: %s", wire.Article(f.Kind.String()), clip(f.line))
}

// answered takes the one answer of a call.
func (p *peer) answered(f frame) error {
	c, err := p.callOf(f)
	if err != nil {
		return err
	}
	delete(p.calls, key(f.Tx))
	if f.Kind != wire.Error && c.downloads() != (f.Kind == wire.End) {
		return fmt.Errorf("a success of what opens a stream or a duplex ends with end, and every other with result: found %s", clip(f.line))
	}
	return nil
}

// item takes an item of the plugin's. Those behind a cancel are legal, as long as there is credit.
func (p *peer) item(f frame) error {
	c, err := p.callOf(f)
	switch {
	case err != nil:
		return err
	case !c.downloads():
		return fmt.Errorf("an item for a call that opened neither a stream nor a duplex: %s", clip(f.line))
	case !c.theirs.open():
		return fmt.Errorf("an item without credit: %d items and %d bytes are left, and it takes one of each at least: %s", c.theirs.items, c.theirs.bytes, clip(f.line))
	}
	c.theirs.spend(f.size - p.overhead())
	p.owed = max(0, -c.theirs.bytes)
	return nil
}

// credited takes credit of the plugin's for our items.
func (p *peer) credited(f frame) error {
	c, err := p.callOf(f)
	switch {
	case err != nil:
		return err
	case !c.uploads():
		return fmt.Errorf("credit for a call that opened neither an upload nor a duplex: %s", clip(f.line))
	case !c.ours.grant(&f.Meta):
		return fmt.Errorf("a credit that makes more than %d: %s", int64(maxCredit), clip(f.line))
	}
	return nil
}

// errOver is the end of a call, met while waiting for credit.
var errOver = errors.New("the call is over: it was answered")
