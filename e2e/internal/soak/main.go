package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

func main() {
	if len(os.Args) > 1 && os.Getenv(recordsEnv) != "" {
		serve(os.Args[1] == keeper)
	}
	if dir := os.Getenv(hostEnv); dir != "" {
		if err := playHost(dir); err != nil {
			fmt.Fprintln(os.Stderr, "soak: a host:", err)
			os.Exit(2)
		}
		return
	}
	minutes, err := strconv.ParseFloat(os.Getenv("SOAK"), 64)
	if err != nil || minutes <= 0 {
		minutes = 2
	}
	r, err := soak(minutes)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "soak: %d hosts are killed, one after the other\n", hosts)
	s, err := succeed()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	for _, line := range []any{r, s} {
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	if !r.OK || !s.OK {
		os.Exit(1)
	}
}

// soak runs for about so many minutes: a third of them quiet.
func soak(minutes float64) (*report, error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if l, err := net.Listen("unix", filepath.Join(dir, "warm")); err == nil { // what the runtime opens for its first socket stays
		l.Close()
	}
	before := footprintNow()
	c := &chaos{folder: filepath.Join(dir, "plugins"), records: filepath.Join(dir, "records")}
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
		Name: "soak", Dir: c.folder, StateDir: filepath.Join(dir, "state"), RuntimeDir: runtimeDir, Logger: hclog.NewNullLogger(),
		Watch: true, WatchOptions: registry.WatchOptions{Quiet: 20 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	c.host, c.load = h, newLoad(h)
	fmt.Fprintf(os.Stderr, "soak: rollbackWindow %s, health every %s, %d callers, half of the time quiet\n", rollbackWindow, healthInterval, callers)
	r := &report{Minutes: minutes}
	window := time.Duration(minutes * float64(time.Minute) / 2)
	c.during(window, "quiet", false)
	r.Quiet = latenciesOf(c.load.takeTimes())
	heap := heapNow()
	c.during(window, "busy", true)
	r.Busy = latenciesOf(c.load.takeTimes())
	r.Growth = heapNow() - heap
	c.settle(r)
	if err := h.Close(); err != nil {
		return nil, err
	}
	if err := c.account(r); err != nil {
		return nil, err
	}
	r.leaks(before, runtimeDir)
	r.OK = r.judged()
	return r, nil
}

// during has callers go on for a while, and in a busy while everything happen.
func (c *chaos) during(d time.Duration, what string, busy bool) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	go c.say(ctx, what)
	ended := make(chan struct{})
	go func() { defer close(ended); c.load.run(ctx) }()
	if busy {
		c.run(ctx)
	}
	<-ended
}

// say says every ten seconds how it goes.
func (c *chaos) say(ctx context.Context, what string) {
	for ctx.Err() == nil {
		pause(ctx, 10*time.Second)
		l := c.load
		l.mu.Lock()
		fmt.Fprintf(os.Stderr, "soak: %s: %d calls, %d notices, %d reloads, %d configurations, %d refused, %d rolled back, %d kills, %d stops, %d explained, %d violations\n", what,
			l.calls, l.notices, c.reloads.Load(), c.configs.Load(), c.refused.Load(), c.rollbacks.Load(), c.kills.Load(), c.stops.Load(), l.lost, l.broken)
		l.mu.Unlock()
	}
}

// settle waits until all notices are handled, and asks the plugin that keeps state what it knows.
func (c *chaos) settle(r *report) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, name := range plugins {
		p := c.host.Plugin(name)
		if err := p.Ready(ctx); err != nil {
			c.load.fails("%s in the end: %v", name, err)
			continue
		}
		for p.Status().Notices > 0 && ctx.Err() == nil {
			pause(ctx, 10*time.Millisecond)
		}
	}
	a, err := ask.Call(ctx, c.host.Plugin(keeper), job{})
	if err != nil {
		c.load.fails("%s in the end: %v", keeper, err)
	}
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	r.StateLost = int64(len(c.load.ledgers[keeper].added)) - int64(a.Count)
}

// account compares what ran with what callers got.
func (c *chaos) account(r *report) error {
	l := c.load
	r.Reloads, r.Configurations, r.Refused, r.Rollbacks, r.Kills, r.Stops = c.reloads.Load(), c.configs.Load(), c.refused.Load(), c.rollbacks.Load(), c.kills.Load(), c.stops.Load()
	r.Calls, r.Notices, r.Violations, r.Explained, r.WrongAnswers, r.Examples = l.calls, l.notices, l.broken, l.lost, l.wrong, l.examples
	for _, name := range plugins {
		adds, tells, err := readRecords(filepath.Join(c.records, name))
		if err != nil {
			return err
		}
		f := l.ledgers[name].audit(adds, tells)
		r.RanTwice += f.twice
		r.Vanished += f.lost
		r.Phantoms += f.phantom
		r.NoticesTwice += f.noticesTwice
		r.Disorder += f.disorder
		if name == good || name == keeper {
			r.NoticesLostByReloads += f.noticesLost
		} else {
			r.NoticesLostByKills += f.noticesLost
		}
	}
	return nil
}

// readRecords reads what each process of a plugin has written.
func readRecords(dir string) (adds []uint64, tells [][]uint64, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, nil, err
		}
		var told []uint64
		in := bufio.NewReader(f)
		for record := make([]byte, 9); ; {
			if _, err := io.ReadFull(in, record); err != nil {
				break
			}
			if id := binary.BigEndian.Uint64(record[1:]); record[0] == ranAdd {
				adds = append(adds, id)
			} else {
				told = append(told, id)
			}
		}
		f.Close()
		tells = append(tells, told)
	}
	return adds, tells, nil
}

// A footprint is what a process takes.
type footprint struct{ descriptors, goroutines int }

func footprintNow() footprint {
	open, _ := os.ReadDir("/proc/self/fd")
	return footprint{len(open), runtime.NumGoroutine()}
}

func heapNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// leaks looks for what is left.
func (r *report) leaks(before footprint, runtimeDir string) {
	for range 100 { // goroutines that have been told to end need a moment
		if now := footprintNow(); now.goroutines <= before.goroutines && now.descriptors <= before.descriptors {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	now := footprintNow()
	r.Descriptors, r.Goroutines = max(0, now.descriptors-before.descriptors), max(0, now.goroutines-before.goroutines)
	left, _ := os.ReadDir(runtimeDir)
	r.Files = len(left)
	children, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range children {
		text, _ := os.ReadFile(file)
		for _, b := range text {
			if b == ' ' {
				r.Processes++
			}
		}
	}
}
