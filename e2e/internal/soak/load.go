package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	callers  = 8
	patience = time.Minute // for one call: far more than any reload, restart or stop takes
	items    = 20          // of a list
)

// A load is what callers do all the while, and what came of it.
type load struct {
	host *host.Host
	next atomic.Uint64 // number of the latest job

	mu       sync.Mutex // guards all below
	ledgers  map[string]*ledger
	calls    int
	notices  int
	lost     int // calls whose end a bad version or a kill explains
	broken   int // violations
	wrong    int // answers
	examples []string
	times    []time.Duration // of calls to the plugin that gets good versions only
}

func newLoad(h *host.Host) *load {
	l := &load{host: h, ledgers: map[string]*ledger{}}
	for _, name := range plugins {
		l.ledgers[name] = newLedger()
	}
	return l
}

// run has all callers call until ctx ends, and returns when their last calls have.
func (l *load) run(ctx context.Context) {
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				l.one(caller, plugins[caller%len(plugins)]) // its own, so that one that stands still holds up no other
			}
		})
	}
	all.Wait()
}

// one is one message. It is seen through, also if the run ends meanwhile.
func (l *load) one(caller int, plugin string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, j := l.host.Plugin(plugin), job{ID: l.next.Add(1)}
	begun := time.Now()
	switch dice := rand.IntN(10); {
	case dice < 4:
		a, err := add.Call(ctx, p, j)
		l.ended(plugin, time.Since(begun), err)
		l.added(plugin, j, a, err)
	case dice < 7:
		a, err := ask.Call(ctx, p, j)
		l.ended(plugin, time.Since(begun), err)
		l.check(plugin, j.ID, a.ID, err)
	case dice < 8:
		j.Items = items
		l.ended(plugin, 0, l.listed(ctx, p, plugin, j))
	default:
		l.told(caller, plugin, j, tell.Send(ctx, p, j))
	}
}

// listed reads a stream to its end.
func (l *load) listed(ctx context.Context, p rpc.Peer, plugin string, j job) error {
	n := uint64(0)
	for a, err := range list.Open(ctx, p, j) {
		if err != nil {
			return err
		}
		l.check(plugin, j.ID, a.ID, nil)
		l.check(plugin, n, a.Count, nil)
		n++
	}
	l.check(plugin, items, n, nil)
	return nil
}

func (l *load) ended(plugin string, took time.Duration, err error) {
	v, why := judge(plugin, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	switch v {
	case explained:
		l.lost++
	case violation:
		l.broken++
		l.example(why)
	}
	if plugin == good && took > 0 {
		l.times = append(l.times, took)
	}
}

// added takes note of a call that may not run twice.
func (l *load) added(plugin string, j job, a answer, err error) {
	l.check(plugin, j.ID, a.ID, err)
	if err != nil && rpc.Delivered(err) == rpc.NotDelivered {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledgers[plugin].added[j.ID] = err == nil
}

func (l *load) told(caller int, plugin string, j job, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notices++
	ledger := l.ledgers[plugin]
	ledger.callers[j.ID] = caller
	switch {
	case err == nil:
		ledger.told = append(ledger.told, j.ID)
	default:
		l.broken++
		l.example(fmt.Sprintf("a notice to %s: %v", plugin, err))
	}
}

// check compares an answer.
func (l *load) check(plugin string, want, got uint64, err error) {
	if err != nil || want == got {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong++
	l.example(fmt.Sprintf("%s answered %d where %d was due", plugin, got, want))
}

// example keeps the first of what went wrong. mu is held.
func (l *load) example(text string) {
	if len(l.examples) < 10 {
		l.examples = append(l.examples, text)
	}
}

func (l *load) fails(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken++
	l.example(fmt.Sprintf(format, args...))
}

// takeTimes returns the durations so far and begins anew.
func (l *load) takeTimes() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	times := l.times
	l.times = nil
	return times
}
