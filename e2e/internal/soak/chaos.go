package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// Short, so that much happens in little time.
const (
	rollbackWindow = 300 * time.Millisecond
	healthInterval = 300 * time.Millisecond
	healthMisses   = 3
)

type members map[string]any

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
}

// manifest is a plugin.json.
func (c *chaos) manifest(name, mode string, more members) members {
	version := fmt.Sprintf("1.%d.0", c.version.Add(1))
	m := members{
		"manifest": 1, "name": name, "version": version, "entry": "soak", "args": []string{name},
		"env":     members{"set": map[string]string{recordsEnv: filepath.Join(c.records, name), modeEnv: mode, versionEnv: version}},
		"reload":  members{"rollbackWindow": rollbackWindow.String(), "quiesce": "500ms"},
		"health":  members{"interval": healthInterval.String(), "misses": healthMisses},
		"restart": members{"max": 1_000_000, "backoff": "10ms", "maxBackoff": "100ms"},
	}
	if mode == hangsAtStart {
		m["timeouts"] = members{"start": "300ms"}
	}
	maps.Copy(m, more)
	return m
}

// install puts a plugin's folder into place: its program the first time, then its manifest alone, whole.
func (c *chaos) install(name string, m members) error {
	dir := filepath.Join(c.folder, name)
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(filepath.Join(c.records, name), 0o700); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := copySelf(filepath.Join(dir, "soak")); err != nil {
			return err
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	beside := filepath.Join(c.folder, "."+name)
	if err := os.WriteFile(beside, text, 0o644); err != nil {
		return err
	}
	return os.Rename(beside, filepath.Join(dir, "plugin.json"))
}

func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, from)
	return err
}

// run has everything happen until ctx ends.
func (c *chaos) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, happens := range []func(context.Context){c.reloadsGood, c.reloadsKeeper, c.reloadsBad, c.kill} {
		all.Go(func() {
			for ctx.Err() == nil {
				late := time.AfterFunc(stuck, c.stands)
				happens(ctx)
				late.Stop()
			}
		})
	}
	all.Wait()
}

// reloadsGood is a good version, or, one time in four, a configuration alone.
func (c *chaos) reloadsGood(ctx context.Context) {
	p := c.host.Plugin(good)
	if rand.IntN(4) > 0 {
		c.reload(ctx, p, c.manifest(good, "", nil))
		return
	}
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events := c.host.Events(patient)
	text, err := os.ReadFile(filepath.Join(c.folder, good, "plugin.json"))
	var m members
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil {
		m["config"] = members{"default": members{"n": c.version.Add(1)}}
		err = c.install(good, m)
	}
	if err != nil {
		c.load.fails("a configuration for %s: %v", good, err)
		return
	}
	if c.await(ctx, events, good, "it has a new configuration") {
		c.configs.Add(1)
	}
}

func (c *chaos) reloadsKeeper(ctx context.Context) {
	c.reload(ctx, c.host.Plugin(keeper), c.manifest(keeper, "", nil))
}

// reload installs a good version and has it taken.
func (c *chaos) reload(ctx context.Context, p *host.Plugin, m members) {
	err := c.install(p.Name(), m)
	if err == nil {
		err = p.Reload(ctx)
	}
	switch {
	case err == nil:
		c.reloads.Add(1)
	case ctx.Err() != nil || strings.Contains(err.Error(), "it is not idle for a moment"): // tried again by itself
	default:
		c.load.fails("reload of %s to a good version: %v", p.Name(), err)
	}
}

// reloadsBad is a bad version, which must be refused or rolled back, and then a good one.
func (c *chaos) reloadsBad(ctx context.Context) {
	p, mode := c.host.Plugin(bad), badModes[rand.IntN(len(badModes))]
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events := c.host.Events(patient)
	if err := c.install(bad, c.manifest(bad, mode, nil)); err != nil {
		c.load.fails("install: %v", err)
		return
	}
	err := p.Reload(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case mode == crashesAtCall && c.await(ctx, events, bad, "rolled back to "):
		c.rollbacks.Add(1)
	case mode != crashesAtCall && err == nil:
		c.load.fails("a version that %s was taken", mode)
	case mode != crashesAtCall:
		c.refused.Add(1)
	}
	c.reload(ctx, p, c.manifest(bad, "", nil))
	pause(ctx, rollbackWindow+rollbackWindow/4) // what is bad comes to a version that has passed
}

// await waits for what a host says of a plugin. Its events end when patience does; ctx is that of the run.
func (c *chaos) await(ctx context.Context, events iter.Seq[host.Event], plugin, reason string) (said bool) {
	for e := range events {
		if e.Plugin == plugin && strings.HasPrefix(e.Reason, reason) {
			return true
		}
	}
	if ctx.Err() == nil {
		c.load.fails("%s: %q was never said", plugin, reason)
	}
	return false
}

// kill sends signals to a plugin that is ready.
func (c *chaos) kill(ctx context.Context) {
	p := c.host.Plugin(killed)
	if err := p.Ready(ctx); err != nil {
		if ctx.Err() == nil {
			c.load.fails("%s does not come back: %v", killed, err)
		}
		return
	}
	pid := p.Status().PID
	if pid == 0 {
		return
	}
	switch rand.IntN(5) {
	case 0:
		c.stops.Add(1)
		send(pid, stopSignal)
		pause(ctx, healthInterval/2)
		send(pid, contSignal)
	case 1:
		c.stops.Add(1)
		send(pid, stopSignal) // until its health checks end it
		pause(ctx, (healthMisses+2)*healthInterval)
	default:
		c.kills.Add(1)
		send(pid, killSignal)
	}
	pause(ctx, time.Duration(rand.IntN(300))*time.Millisecond)
}

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
