//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	patience = 10 * time.Second // for one call
	margin   = 5 * time.Second  // beyond it a call counts as unanswered
)

// callers call two at a time each plugin; what is done to calm must not be seen by it.
var callers = []string{calm, calm, victim, victim, other, other}

// A checker calls all the while, and knows what each answer has to be.
type checker struct {
	host *host.Host
	next atomic.Uint64

	mu         sync.Mutex // guards all below
	calls      int
	failed     int // with an error that may be
	timeouts   int // of these
	wrong      int
	unanswered int
	examples   []string
	fates      map[uint64]fate // of what a plugin writes down, by number
	visits     map[uint64]fate // of what a plugin is to tell the host
	tells      map[uint64]int  // how often it did
}

// A fate is what a caller was told of a message that may not run twice.
type fate byte

const (
	answered fate = iota + 1 // it must have run
	perhaps
	notSent // it must not
)

func newChecker() *checker {
	return &checker{fates: map[uint64]fate{}, visits: map[uint64]fate{}, tells: map[uint64]int{}}
}

// told is the host's handler of what its plugins tell it.
func (c *checker) told(_ context.Context, j job) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tells[j.ID]++
	return nil
}

// run has all callers call until ctx ends, and returns when their last calls have.
func (c *checker) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, plugin := range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				c.one(plugin)
				time.Sleep(time.Millisecond) // the machine has others to serve, too
			}
		})
	}
	all.Wait()
}

// one is one message, seen through.
func (c *checker) one(plugin string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, j := c.host.Plugin(plugin), job{ID: c.next.Add(1), N: rand.Int64N(1000)}
	begin := time.Now()
	var err error
	switch rand.IntN(7) {
	case 0:
		err = c.asked(ctx, double, p, plugin, j, 2*j.N)
	case 1:
		a, e := add.Call(ctx, p, j)
		c.expect(e, a == answer{ID: j.ID, N: j.N + 1}, "%s added to %d: %+v", plugin, j.N, a)
		c.notes(c.fates, j.ID, fateOf(e))
		err = e
	case 2:
		j.N = 20
		err = c.counted(ctx, p, plugin, j)
	case 3:
		err = c.summed(ctx, p, plugin, j)
	case 4:
		err = c.chatted(ctx, p, plugin, j)
	case 5:
		a, e := visit.Call(ctx, p, j)
		c.expect(e, a == answer{ID: j.ID, N: j.N}, "%s visited for %d: %+v", plugin, j.N, a)
		c.notes(c.visits, j.ID, lossy(plugin, fateOf(e)))
		err = e
	default:
		err = note.Send(ctx, p, j)
		c.notes(c.fates, j.ID, lossy(plugin, fateOf(err)))
	}
	c.ended(plugin, err, time.Since(begin))
}

func (c *checker) asked(ctx context.Context, q rpc.Query[job, answer], p rpc.Peer, plugin string, j job, want int64) error {
	a, err := q.Call(ctx, p, j)
	c.expect(err, a == answer{ID: j.ID, N: want}, "%s answered %d: %+v", plugin, j.N, a)
	return err
}

// fateOf is what an error says of a message.
func fateOf(err error) fate {
	switch {
	case err == nil:
		return answered
	case rpc.Delivered(err) == rpc.NotDelivered:
		return notSent
	}
	return perhaps
}

// lossy is the fate of a notice: one that was sent may be lost with its process, but not of calm.
func lossy(plugin string, f fate) fate {
	if f == answered && plugin != calm {
		return perhaps
	}
	return f
}

func (c *checker) notes(fates map[uint64]fate, id uint64, f fate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fates[id] = f
}

func (c *checker) counted(ctx context.Context, p rpc.Peer, plugin string, j job) error {
	n := int64(0)
	for a, err := range count.Open(ctx, p, j) {
		if err != nil {
			return err
		}
		c.expect(nil, a == answer{ID: j.ID, N: n}, "%s sent %+v as item %d of %d", plugin, a, n, j.ID)
		n++
	}
	c.expect(nil, n == j.N, "%s sent %d items of %d", plugin, n, j.N)
	return nil
}

// itemsUp is how many items a caller sends.
const itemsUp = 20

func (c *checker) summed(ctx context.Context, p rpc.Peer, plugin string, j job) error {
	a, err := sum.Call(ctx, p, func(yield func(job, error) bool) {
		for n := range int64(itemsUp) {
			if !yield(job{ID: j.ID, N: j.N + n}, nil) {
				return
			}
		}
	})
	c.expect(err, a == answer{ID: j.ID, N: itemsUp*j.N + itemsUp*(itemsUp-1)/2}, "%s summed %d items from %d: %+v", plugin, itemsUp, j.N, a)
	return err
}

// chatted sends an item and reads its answer, so many times.
func (c *checker) chatted(ctx context.Context, p rpc.Peer, plugin string, j job) error {
	e, err := chat.Open(ctx, p)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.Send(j); err != nil {
		return err
	}
	n := 0
	for a, err := range e.Items() {
		if err != nil {
			return err
		}
		c.expect(nil, a == answer{ID: j.ID, N: 2 * j.N}, "%s chatted %+v for %+v", plugin, a, j)
		if n++; n == itemsUp {
			err = e.CloseSend()
		} else if n < itemsUp {
			err = e.Send(j)
		}
		if err != nil {
			return err
		}
	}
	c.expect(nil, n == itemsUp, "%s chatted %d items of %d", plugin, n, itemsUp)
	return nil
}

func (c *checker) expect(err error, right bool, format string, args ...any) {
	if err == nil && !right {
		c.isWrong(format, args...)
	}
}

// isWrong takes note of something that must not be.
func (c *checker) isWrong(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong++
	if len(c.examples) < 10 {
		c.examples = append(c.examples, fmt.Sprintf(format, args...))
	}
}

// ended judges an error: which may be depends on whose plugin it was.
func (c *checker) ended(plugin string, err error, took time.Duration) {
	c.mu.Lock()
	c.calls++
	if err != nil {
		c.failed++
	}
	if rpc.CodeOf(err) == rpc.Timeout {
		c.timeouts++
		fmt.Fprintf(os.Stderr, "torture: a call of %s took all of its time: %v\n", plugin, err)
	}
	if took > patience+margin {
		c.unanswered++
	}
	c.mu.Unlock()
	if err == nil {
		return
	}
	switch rpc.CodeOf(err) {
	case rpc.Unavailable, rpc.Timeout, rpc.Exhausted, rpc.Moved:
		if plugin != calm {
			return
		}
	}
	c.isWrong("a call of %s: %v", plugin, err)
}

// audit compares what ran with what callers were told. All have ended, and so have the plugins.
func (c *checker) audit(records string) error {
	files, err := filepath.Glob(filepath.Join(records, "*"))
	if err != nil {
		return err
	}
	ran := map[uint64]int{}
	for _, file := range files {
		if err := readRecord(file, ran); err != nil {
			return err
		}
	}
	c.compare("message", c.fates, ran)
	c.compare("visit", c.visits, c.tells)
	return nil
}

func (c *checker) compare(what string, fates map[uint64]fate, ran map[uint64]int) {
	for id, f := range fates {
		switch n := ran[id]; {
		case n > 1:
			c.isWrong("%s %d ran %d times", what, id, n)
		case n == 0 && f == answered:
			c.isWrong("%s %d was answered and never ran", what, id)
		case n == 1 && f == notSent:
			c.isWrong("%s %d ran, and its caller was told that it was not sent", what, id)
		}
	}
	for id := range ran {
		if fates[id] == 0 {
			c.isWrong("%s %d ran, and nobody sent it", what, id)
		}
	}
}

func readRecord(file string, ran map[uint64]int) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	for ; len(text) >= 8; text = text[8:] {
		ran[binary.BigEndian.Uint64(text)]++
	}
	return err
}
