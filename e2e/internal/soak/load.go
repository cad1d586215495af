package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	patience = time.Minute // for one call: far more than any reload, restart or stop takes
	items    = 20          // of a list
)

// A load is what callers do all the while, and what came of it.
type load struct {
	host *host.Host
	next atomic.Uint64 // number of the latest job

	mu        sync.Mutex // guards all below
	ledger    ledger
	calls     int
	notices   int
	failures  []failure
	incidents []*incident
	broken    int // what else than a call went wrong
	wrong     int // answers
	examples  []string
	times     *histogram // of calls to the plugin that gets good versions only
}

func newLoad(h *host.Host) *load { return &load{host: h, times: &histogram{}} }

// run has all callers call until ctx ends, and returns when their last calls have.
func (l *load) run(ctx context.Context) {
	var all sync.WaitGroup
	for caller, plugin := range assigned {
		all.Go(func() {
			for ctx.Err() == nil {
				l.one(caller, plugin)
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
	f := failure{plugin: plugin, begun: time.Now()}
	var a answer
	switch dice := rand.IntN(10); {
	case dice < 4:
		f.kind = rpc.KindMethod
		a, f.err = add.Call(ctx, p, j)
		l.added(caller, j, f.err)
	case dice < 7:
		f.kind = rpc.KindQuery
		a, f.err = ask.Call(ctx, p, j)
	case dice < 8:
		f.kind = rpc.KindStream
		j.Items = items
		a, f.err = l.listed(ctx, p, plugin, j)
	default:
		f.kind = rpc.KindNotice
		a.ID, f.err = j.ID, tell.Send(ctx, p, j)
		l.told(caller, j, f.err)
	}
	f.ended = time.Now()
	l.ended(f)
	l.check(f.err, a.ID == j.ID, "%s answered %d where %d was asked", plugin, a.ID, j.ID)
}

// listed reads a stream to its end.
func (l *load) listed(ctx context.Context, p rpc.Peer, plugin string, j job) (last answer, err error) {
	n := uint64(0)
	for a, err := range list.Open(ctx, p, j) {
		if err != nil {
			return a, err
		}
		l.check(nil, a.ID == j.ID && a.Count == n, "%s sent item %d of %d where %d of %d was due", plugin, a.Count, a.ID, n, j.ID)
		n++
		last = a
	}
	l.check(nil, n == items, "%s sent %d items of %d", plugin, n, items)
	return last, nil
}

// mostFailures are kept to be judged. A soak with more of them has failed anyhow.
const mostFailures = 100_000

func (l *load) ended(f failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.kind == rpc.KindNotice {
		l.notices++
	} else {
		l.calls++
	}
	if f.plugin == good && (f.kind == rpc.KindMethod || f.kind == rpc.KindQuery) {
		l.times.add(f.ended.Sub(f.begun))
	}
	switch {
	case f.err == nil:
	case len(l.failures) < mostFailures:
		l.failures = append(l.failures, f)
	default:
		l.broken++
	}
}

// added takes note of a call that may not run twice.
func (l *load) added(caller int, j job, err error) {
	what := answeredAdd
	if err != nil {
		what = perhapsAdd
	}
	if err != nil && rpc.Delivered(err) == rpc.NotDelivered {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.note(j.ID, fateOf(what, caller))
}

func (l *load) told(caller int, j job, err error) {
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.note(j.ID, fateOf(sentTell, caller))
}

// check takes note of an answer, unless there was none.
func (l *load) check(err error, right bool, format string, args ...any) {
	if err != nil || right {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong++
	l.example(fmt.Sprintf(format, args...))
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

// begins notes an incident. It has to be called before anything is done.
func (l *load) begins(i incident) *incident {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.from = time.Now()
	l.incidents = append(l.incidents, &i)
	return &i
}

func (l *load) over(i *incident) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.to = time.Now()
}

// neverWas takes an incident back in which nothing happened that could explain anything.
func (l *load) neverWas(i *incident) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.incidents = slices.DeleteFunc(l.incidents, func(other *incident) bool { return other == i })
}

// takeTimes returns the durations so far and begins anew.
func (l *load) takeTimes() latencies {
	l.mu.Lock()
	defer l.mu.Unlock()
	times := l.times
	l.times = &histogram{}
	return times.latencies()
}
