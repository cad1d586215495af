package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// Chaos is what happens to the plugins.
type chaos struct {
	load    *load
	host    *host.Host
	folder  string // of the plugins
	records string
	once    sync.Once // of stands

	version                              atomic.Int64
	reloads, configs, refused, rollbacks atomic.Int64
	kills, stops                         atomic.Int64
	turns                                struct{ bad, torn, killed int } // how often each loop has begun; its goroutine's own

	counts map[string]int64 // what plugins that keep state knew in the end

	mu     sync.Mutex     // guards all below
	alive  map[int]string // the plugin of each process that runs
	lost   map[string]int // notices that processes of a plugin had not acknowledged when they ended
	died   map[string]int // processes of a plugin that did not end in order
	deaths []death
}

// hooks are what the host tells of processes.
func (c *chaos) hooks() host.Hooks {
	return host.Hooks{
		WorkerSpawn:    func(w host.Worker) { c.mu.Lock(); defer c.mu.Unlock(); c.alive[w.PID] = w.Plugin },
		WorkerShutdown: c.ended,
		Event:          c.happened,
	}
}

func (c *chaos) ended(w host.Worker, s host.Shutdown) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.alive, w.PID)
	c.lost[w.Plugin] += s.Lost
	if s.Code != 0 || s.Lost > 0 {
		c.died[w.Plugin]++
	}
}

// happened takes note of a process that died while it was serving. An event that follows from the same death says so again.
func (c *chaos) happened(e host.Event) {
	var r *host.CrashReport
	if !errors.As(e.Err, &r) || r.Phase != serving {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.deaths {
		if d.worker == r.Worker {
			return
		}
	}
	c.deaths = append(c.deaths, death{r.Worker, e.Time, r.Summary()})
}

// serving is the phase of a process that was ready.
const serving = "while it was serving"

// processes are those of a plugin that run.
func (c *chaos) processes(plugin string) (pids []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pid, of := range c.alive {
		if of == plugin {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (c *chaos) runs(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alive[pid] != ""
}

// run has everything happen until ctx ends. What has begun then is seen through.
func (c *chaos) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, happens := range []func(context.Context){c.reloadsGood, c.reloadsKeeper, c.reloadsBad, c.reloadsTorn, c.signals, c.reloadsMixed, c.killsMixed} {
		all.Go(func() {
			for ctx.Err() == nil {
				c.seenThrough(happens)
			}
		})
	}
	all.Wait()
}

// seenThrough does something that takes its time, but not for ever.
func (c *chaos) seenThrough(happens func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer time.AfterFunc(stuck, c.stands).Stop()
	happens(ctx)
}

// An expectation is an event that is to come.
type expectation struct {
	c            *chaos
	plugin, text string
	said         chan bool
	cancel       context.CancelFunc
}

// expect listens for an event of a plugin whose reason has a text. It has to be asked for before what causes it, and given up in the end.
func (c *chaos) expect(ctx context.Context, plugin, text string) *expectation {
	patient, cancel := context.WithTimeout(ctx, stuck)
	x := &expectation{c: c, plugin: plugin, text: text, said: make(chan bool, 1), cancel: cancel}
	events := c.host.Events(patient)
	go func() {
		found := false
		for e := range events {
			if found = e.Plugin == plugin && strings.Contains(e.Reason, text); found {
				break
			}
		}
		x.said <- found
	}()
	return x
}

// came waits for the event, and reports whether it came. If it did not, something is wrong.
func (x *expectation) came() bool {
	found := <-x.said
	if !found {
		x.c.load.fails("%s: %q was never said", x.plugin, x.text)
	}
	return found
}

func (x *expectation) giveUp() { x.cancel() }

// stuck is longer than anything takes that happens to a plugin.
const stuck = 20 * time.Second

// stands says that something does not go on, once, and what all goroutines do.
func (c *chaos) stands() {
	c.once.Do(func() {
		c.load.fails("something that happens to a plugin takes more than %s: see the goroutines on stderr", stuck)
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		for _, p := range c.host.Plugins() {
			fmt.Fprintf(os.Stderr, "soak: %+v\n", p.Status())
		}
	})
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
