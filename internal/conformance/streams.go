package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// gets expects frames in which $n is each number of a range.
func (p *play) gets(_ context.Context, s Step) error {
	numbers, text, _ := strings.Cut(s.Rest, " ")
	first, last, err := span(numbers)
	if err != nil {
		return err
	}
	want, err := decode([]byte(text))
	if err != nil {
		return err
	}
	for n := first; n <= last; n++ {
		f, err := p.peer(s).next(stepTime)
		if err != nil {
			return fmt.Errorf("want %d frames, found %d: %w", last-first+1, n-first, err)
		}
		p.count(n)
		if diff := p.vars.match(want, f.value, "frame"); diff != "" {
			return fmt.Errorf("the frame with $n = %d: %s in %s", n, diff, clip(f.line))
		}
	}
	return nil
}

func (p *play) count(n int) { p.vars["n"] = json.Number(strconv.Itoa(n)) }

// span reads "3..7".
func span(text string) (first, last int, err error) {
	from, to, _ := strings.Cut(text, "..")
	if first, err = strconv.Atoi(from); err == nil {
		last, err = strconv.Atoi(to)
	}
	return first, last, err
}

// until expects a frame, and skips items and progress before it.
func (p *play) until(_ context.Context, s Step) error {
	want, err := decode([]byte(s.Rest))
	if err != nil {
		return err
	}
	for {
		f, err := p.peer(s).next(stepTime)
		switch {
		case err != nil:
			return err
		case f.Kind == wire.Item || f.Kind == wire.Progress:
			continue
		}
		if diff := p.vars.match(want, f.value, "frame"); diff != "" {
			return fmt.Errorf("%s in %s", diff, clip(f.line))
		}
		return nil
	}
}

// reports expects progress, in order and up to a number, and a frame behind it. Reports may be left out, but not the last.
func (p *play) reports(_ context.Context, s Step) error {
	number, text, _ := strings.Cut(s.Rest, " ")
	last, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	want, err := decode([]byte(text))
	if err != nil {
		return err
	}
	for done := int64(0); ; {
		f, err := p.peer(s).next(stepTime)
		if err != nil {
			return err
		}
		if f.Kind == wire.Progress {
			if done, err = progressed(f, done, last); err != nil {
				return err
			}
			continue
		}
		if diff := p.vars.match(want, f.value, "frame"); diff != "" {
			return fmt.Errorf("%s in %s", diff, clip(f.line))
		}
		if done != last {
			return fmt.Errorf("want a report of %d before the answer, found %d as the last one", last, done)
		}
		return nil
	}
}

// progressed checks a report of n of total, after one of done, and returns n.
func progressed(f frame, done, total int64) (int64, error) {
	want := map[string]any{"tx": "*", "kind": "progress", "payload": map[string]any{"done": "*", "total": json.Number(strconv.FormatInt(total, 10)), "note": "?"}}
	if diff := (variables{}).match(want, f.value, "frame"); diff != "" {
		return done, fmt.Errorf("%s in %s", diff, clip(f.line))
	}
	n, _ := f.value.(map[string]any)["payload"].(map[string]any)["done"].(json.Number)
	if is, err := n.Int64(); err == nil && is >= max(done, 1) && is <= total {
		return is, nil
	}
	return done, fmt.Errorf("want a report from %d to %d, in order, found %s", max(done, 1), total, clip(f.line))
}

// upload sends items, each as soon as there is credit for it.
func (p *play) upload(_ context.Context, s Step) error {
	numbers, text, _ := strings.Cut(s.Rest, " ")
	first, last, err := span(numbers)
	if err != nil {
		return err
	}
	for n := first; n <= last; n++ {
		if err := p.uploadOne(s, text, n, stepTime); err != nil {
			return fmt.Errorf("%d of %d items were sent: want credit for more: %w", n-first, last-first+1, err)
		}
	}
	return nil
}

// spend sends items until there is no more credit for a while.
func (p *play) spend(ctx context.Context, s Step) error {
	number, text, _ := strings.Cut(s.Rest, " ")
	most, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	if err := p.uploadOne(s, text, 1, stepTime); err != nil {
		return fmt.Errorf("want credit for an item: %w", err)
	}
	for n := 2; n <= most; n++ {
		if err := p.open(ctx, s); err != nil { // it has read what was sent, however busy the machine is
			return err
		}
		err := p.uploadOne(s, text, n, silentTime)
		if errors.Is(err, errQuiet) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("want the credit to end before %d items, of which the handler takes one: it gives more than its window, or gives back what was not taken", most)
}

// uploadOne sends one item, once there is credit for it. errQuiet says that there was none in time.
func (p *play) uploadOne(s Step, text string, n int, limit time.Duration) error {
	p.count(n)
	v, err := p.value(text)
	if err != nil {
		return err
	}
	peer := p.peer(s)
	c, err := peer.uploading(v)
	if err != nil {
		return err
	}
	over := func() bool { return peer.calls[c.tx] != c }
	if err := peer.awaitFor(limit, func() bool { return c.ours.open() || over() }); err != nil {
		return err
	}
	if over() {
		return errOver
	}
	return peer.send(v)
}

// uploading is the call that an item belongs to.
func (p *peer) uploading(item any) (*call, error) {
	line, err := json.Marshal(item)
	if err != nil {
		return nil, err
	}
	f, err := asJSON.Decode(line)
	if err != nil {
		return nil, err
	}
	if c := p.calls[key(f.Tx)]; c != nil {
		return c, nil
	}
	return nil, errOver
}
