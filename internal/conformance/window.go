package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// The window of notices, each way.
const (
	windowNotices = 1024
	windowBytes   = 16 << 20
)

// A window holds the notices of one direction that are not acknowledged.
type window struct {
	sizes []int // of their frames, in bytes, with prefix or terminator
	bytes int
}

// room reports whether the next notice may be sent.
func (w *window) room() bool {
	return len(w.sizes) < windowNotices && (w.bytes < windowBytes || len(w.sizes) == 0)
}

func (w *window) add(size int) {
	w.sizes = append(w.sizes, size)
	w.bytes += size
}

// acknowledge takes the n oldest out.
func (w *window) acknowledge(n uint64) {
	n = min(n, uint64(len(w.sizes)))
	for _, size := range w.sizes[:n] {
		w.bytes -= size
	}
	w.sizes = w.sizes[n:]
}

// toldNotice checks the number of a notice of the plugin's, and that there was room for it. What the runner has acknowledged counts as
// acknowledged though the plugin may not know yet, so whoever fails here did wrong.
func (p *peer) toldNotice(f frame) error {
	if p.notices++; f.Tx.N != p.notices || f.Tx.S != "" {
		return fmt.Errorf("notices are numbered from 1 without gaps: want %d, found %s", p.notices, clip(f.line))
	}
	if !p.told.room() {
		return fmt.Errorf("a notice beyond the window of %d notices and %d bytes: %d of %d bytes are unacknowledged, found one more: %s",
			windowNotices, windowBytes, len(p.told.sizes), p.told.bytes, clip(f.line))
	}
	p.told.add(f.size)
	return nil
}

// credit acknowledges notices of the plugin's.
func (p *peer) credit(n uint64) error {
	p.told.acknowledge(n)
	return p.reply(&wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: n}}, nil)
}

// told expects as many of the plugin's notices as its window lets through; $told is how many came.
func (p *play) told(_ context.Context, s Step) error {
	most, err := strconv.Atoi(s.Rest)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		wait := silentTime
		if n < most { // a plugin may stop before, and a busy machine may make it look as if it had
			wait = 10 * silentTime
		}
		f, err := p.peer(s).next(wait)
		switch {
		case errors.Is(err, errQuiet) && n > 0:
			p.vars["told"] = json.Number(strconv.Itoa(n))
			return nil
		case err != nil:
			return err
		case f.Kind != wire.Notice || n == most:
			return fmt.Errorf("want at most %d notices that are not acknowledged, found %s", most, clip(f.line))
		}
	}
}

// takes acknowledges notices of the plugin's as they come, until so many have come since the connection began.
func (p *play) takes(_ context.Context, s Step) error {
	want, err := strconv.ParseUint(s.Rest, 10, 64)
	if err != nil {
		return err
	}
	peer := p.peer(s)
	for peer.notices < want {
		f, err := peer.next(stepTime)
		switch {
		case err != nil:
			return fmt.Errorf("want %d notices, found %d: %w", want, peer.notices, err)
		case f.Kind != wire.Notice:
			return fmt.Errorf("want %d notices, found %d and %s", want, peer.notices, clip(f.line))
		}
		if err := peer.credit(1); err != nil {
			return err
		}
	}
	return nil
}

// notify sends notices, of which it waits for acknowledgements where the window asks for that.
func (p *play) notify(_ context.Context, s Step) error { return p.sendNotices(s, true) }

// flood is notify without waiting.
func (p *play) flood(_ context.Context, s Step) error { return p.sendNotices(s, false) }

func (p *play) sendNotices(s Step, wait bool) error {
	number, text, _ := strings.Cut(s.Rest, " ")
	count, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	peer := p.peer(s)
	for n := range count {
		v, err := p.value(text)
		if err != nil {
			return err
		}
		if wait {
			err = peer.await(peer.window.room)
		}
		if err != nil {
			return fmt.Errorf("%d of %d notices were sent, and %d are not acknowledged: want credit for more: %w", n, count, len(peer.window.sizes), err)
		}
		notice := v.(map[string]any)
		notice["kind"], notice["tx"] = "notice", json.Number(strconv.FormatUint(peer.lastNotice+1, 10))
		if err := peer.send(notice); err != nil && !(hungUp(err) && !wait) { // where it floods, the end of the connection may be what is due
			return err
		}
	}
	return nil
}
