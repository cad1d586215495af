package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
	"github.com/go-hotplug/hotplug/e2e/internal/succession"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

func main() {
	if len(os.Args) > 1 && os.Getenv(recordsEnv) != "" {
		serve(os.Args[1])
	}
	if dir := os.Getenv(succession.Env); dir != "" {
		if err := succession.Play(dir, []string{kept, gone}, counts); err != nil {
			fmt.Fprintln(os.Stderr, "soak: a host:", err)
			os.Exit(2)
		}
		return
	}
	minutes, err := strconv.ParseFloat(os.Getenv("SOAK"), 64)
	if err != nil || minutes <= 0 {
		minutes = 2
	}
	time.AfterFunc(time.Duration(minutes*float64(time.Minute))+grace, overdue)
	r, err := soak(minutes)
	if err != nil {
		broken(err)
	}
	fmt.Fprintf(os.Stderr, "soak: %d hosts are killed, one after the other\n", hosts)
	s, err := succeed()
	if err != nil {
		broken(err)
	}
	for _, line := range []any{r, s} {
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	if !r.OK || !s.OK {
		os.Exit(1)
	}
}

// grace is how long everything besides the two windows may take: the end of what was begun, the account, and the hosts.
const grace = 5 * time.Minute

// overdue ends a soak that does not end.
func overdue() {
	_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
	broken(fmt.Errorf("it is not over %s after its time: see the goroutines on stderr", grace))
}

// broken ends a soak that cannot go on.
func broken(err error) {
	text, _ := json.Marshal(map[string]any{"ok": false, "error": err.Error()})
	fmt.Println(string(text))
	os.Exit(2)
}

// soak runs for about so many minutes: half of them quiet.
func soak(minutes float64) (*report, error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if l, err := net.Listen("unix", filepath.Join(dir, "warm")); err == nil { // what the runtime opens for its first socket stays
		l.Close()
	}
	before := leftovers.Now()
	c, err := open(dir)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "soak: rollbackWindow %s, health every %s, %d callers, half of the time quiet\n", rollbackWindow, healthInterval, len(assigned))
	r := &report{Minutes: minutes}
	window := time.Duration(minutes * float64(time.Minute) / 2)
	c.during(window, "quiet", nil)
	r.Quiet = c.load.takeTimes()
	weight := c.weight()
	c.during(window, "busy", c.run)
	r.Busy = c.load.takeTimes()
	c.settle(r)
	r.Growth = c.weight() - weight
	if err := c.host.Close(); err != nil {
		return nil, err
	}
	if err := c.account(r); err != nil {
		return nil, err
	}
	c.leaks(r, before, filepath.Join(dir, "run"))
	r.OK = r.judged()
	return r, nil
}

// open installs the plugins in a folder and opens their host.
func open(dir string) (*chaos, error) {
	c := &chaos{folder: filepath.Join(dir, "plugins"), records: filepath.Join(dir, "records"), alive: map[int]string{}, counts: map[string]int64{}, lost: map[string]int{}, died: map[string]int{}}
	for _, name := range plugins {
		if err := c.install(name, c.manifest(name, "", nil)); err != nil {
			return nil, err
		}
	}
	runtimeDir := filepath.Join(dir, "run")
	if err := os.Mkdir(runtimeDir, 0o700); err != nil {
		return nil, err
	}
	h, err := host.Open(context.Background(), host.Config{
		Name: "soak", Dir: c.folder, StateDir: filepath.Join(dir, "state"), RuntimeDir: runtimeDir, Logger: newWitness().logger(),
		Watch: true, WatchOptions: registry.WatchOptions{Quiet: 20 * time.Millisecond}, Hooks: c.hooks(),
	})
	if err != nil {
		return nil, err
	}
	c.host, c.load = h, newLoad(h)
	return c, nil
}

// during has callers go on for a while, and meanwhile, if anything, what happens. They go on until that has ended.
func (c *chaos) during(d time.Duration, what string, happens func(context.Context)) {
	window, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	calling, stop := context.WithCancel(context.Background())
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { c.say(calling, what) })
	all.Go(func() { c.load.run(calling) })
	if happens != nil {
		happens(window)
	}
	<-window.Done()
	stop()
	all.Wait()
}

// say says every ten seconds how it goes.
func (c *chaos) say(ctx context.Context, what string) {
	for ctx.Err() == nil {
		pause(ctx, 10*time.Second)
		l := c.load
		l.mu.Lock()
		fmt.Fprintf(os.Stderr, "soak: %s: %d calls, %d notices, %d reloads, %d configurations, %d refused, %d rolled back, %d kills, %d stops, %d calls failed, %d wrong\n", what,
			l.calls, l.notices, c.reloads.Load(), c.configs.Load(), c.refused.Load(), c.rollbacks.Load(), c.kills.Load(), c.stops.Load(), len(l.failures), l.broken+l.wrong)
		l.mu.Unlock()
	}
}

// settle waits until all notices are handled and all probations are over, and asks the plugins that keep state what they know.
func (c *chaos) settle(r *report) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, name := range plugins {
		p := c.host.Plugin(name)
		c.returns(ctx, p)
		for (p.Status().Notices > 0 || len(c.processes(name)) > 1) && ctx.Err() == nil {
			pause(ctx, 10*time.Millisecond)
		}
		if !keeps(name) {
			continue
		}
		a, err := ask.Call(ctx, p, job{})
		if err != nil {
			c.load.fails("%s in the end: %v", name, err)
		}
		c.counts[name] = int64(a.Count)
	}
}

// weight is what is on the heap, without what is written down of each message.
func (c *chaos) weight() int64 {
	c.load.mu.Lock()
	ours := int64(c.load.ledger.end())
	c.load.mu.Unlock()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) - ours
}

// leaks looks for what is left of the host and in its folder.
func (c *chaos) leaks(r *report, before leftovers.Footprint, runtimeDir string) {
	r.Descriptors, r.Goroutines = before.Grown(nil)
	r.Sockets, r.Files = leftovers.FilesIn(runtimeDir)
	left := append(leftovers.Children(), leftovers.Running(recordsEnv, c.records)...)
	for _, name := range plugins {
		left = append(left, c.processes(name)...) // whose end the host has not told
	}
	slices.Sort(left)
	r.Processes = len(slices.Compact(left))
}
