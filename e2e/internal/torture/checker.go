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
	wrong      int
	unanswered int
	examples   []string
	adds       map[uint64]fate // by number
}

// A fate is what a caller of add was told.
type fate byte

const (
	answered fate = iota + 1
	perhaps
	notSent
)

func newChecker(h *host.Host) *checker { return &checker{host: h, adds: map[uint64]fate{}} }

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
	switch rand.IntN(4) {
	case 0:
		var a answer
		a, err = double.Call(ctx, p, j)
		c.expect(err, a == answer{ID: j.ID, N: 2 * j.N}, "%s doubled %d: %+v", plugin, j.N, a)
	case 1:
		var a answer
		a, err = add.Call(ctx, p, j)
		c.expect(err, a == answer{ID: j.ID, N: j.N + 1}, "%s added to %d: %+v", plugin, j.N, a)
		c.added(j.ID, err)
	case 2:
		j.N = 20
		err = c.counted(ctx, p, plugin, j)
	default:
		err = note.Send(ctx, p, j)
	}
	c.ended(plugin, err, time.Since(begin))
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

func (c *checker) added(id uint64, err error) {
	f := answered
	switch {
	case err == nil:
	case rpc.Delivered(err) == rpc.NotDelivered:
		f = notSent
	default:
		f = perhaps
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.adds[id] = f
}

// ended judges an error: which may be depends on whose plugin it was.
func (c *checker) ended(plugin string, err error, took time.Duration) {
	c.mu.Lock()
	c.calls++
	if err != nil {
		c.failed++
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

// audit compares what ran with what the callers of add were told.
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
	for id, f := range c.adds {
		switch n := ran[id]; {
		case n > 1:
			c.isWrong("add %d ran %d times", id, n)
		case n == 0 && f == answered:
			c.isWrong("add %d was answered and never ran", id)
		case n == 1 && f == notSent:
			c.isWrong("add %d ran, and its caller was told that it was not sent", id)
		}
	}
	return nil
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
