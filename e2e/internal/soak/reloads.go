package main

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// reloadsGood is a good version, in one of the modes in which no call may fail, or, one time in four, a configuration alone.
func (c *chaos) reloadsGood(ctx context.Context) {
	switch rand.IntN(8) {
	case 0, 1:
		c.configures(ctx)
	case 2:
		c.reload(ctx, good, inMode(c.manifest(good, "", nil), "handoff"))
	case 3:
		c.replaced(ctx)
	default:
		c.reload(ctx, good, c.manifest(good, "", nil))
	}
}

// configures gives the plugin another configuration and nothing else, and asks whether it has it.
func (c *chaos) configures(ctx context.Context) {
	configured := c.expect(ctx, good, "it has a new configuration")
	defer configured.giveUp()
	n := c.version.Add(1)
	text, err := os.ReadFile(filepath.Join(c.folder, good, "plugin.json"))
	var m members
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil {
		m["config"] = members{"default": settings{n}}
		err = c.install(good, m)
	}
	if err != nil {
		c.load.fails("a configuration for %s: %v", good, err)
		return
	}
	if !configured.came() {
		return
	}
	c.configs.Add(1)
	a, err := ask.Call(ctx, c.host.Plugin(good), job{})
	c.load.check(err, a.Config == n, "%s has configuration %d where %d was given", good, a.Config, n)
}

// replaced is a good version that the host finds by itself.
func (c *chaos) replaced(ctx context.Context) {
	m := c.manifest(good, "", nil)
	seen := c.expect(ctx, good, "reloaded: "+m["version"].(string)+" follows")
	defer seen.giveUp()
	if err := c.install(good, m); err != nil {
		c.load.fails("install: %v", err)
		return
	}
	if seen.came() {
		c.reloads.Add(1)
	}
}

func (c *chaos) reloadsKeeper(ctx context.Context) {
	c.reload(ctx, keeper, inMode(c.manifest(keeper, "", nil), []string{"overlap", "handoff"}[rand.IntN(2)]))
}

// variants are how many programs there are that do the same: few, since each has a copy in the store.
const variants = 4

// reload installs a good version, one time in eight with another program, has it taken, and asks whether it answers. The manifest goes first: with
// another program, a bad one that is still there would be new, and the watch would have it tried.
func (c *chaos) reload(ctx context.Context, name string, m members) {
	p := c.host.Plugin(name)
	err := c.install(name, m)
	if err == nil && rand.IntN(8) == 0 {
		err = c.putProgram(name, rand.IntN(variants))
	}
	if err == nil {
		err = p.Reload(ctx)
	}
	switch {
	case err == nil:
		c.reloads.Add(1)
		a, err := ask.Call(ctx, p, job{})
		c.load.check(err, a.Version == m["version"], "%s %s answers after a reload to %s", name, a.Version, m["version"])
	case strings.Contains(err.Error(), "it is not idle for a moment"): // tried again by itself
	default:
		c.load.fails("reload of %s to a good version: %v", name, err)
	}
}

// reloadsBad is a bad version, which must be refused or rolled back, and then a good one, for which the way back is the one before it once that has passed.
func (c *chaos) reloadsBad(ctx context.Context) {
	mode := badModes[c.turns.bad%len(badModes)]
	c.turns.bad++
	if mode == crashesAtCall {
		c.breaks(ctx, bad, mode)
	} else {
		c.refuses(ctx, mode)
	}
	c.reloadAndPass(ctx, bad, inMode(c.manifest(bad, "", nil), []string{"overlap", "handoff", "restart"}[rand.IntN(3)]))
}

func (c *chaos) reloadsTorn(ctx context.Context) {
	mode := tornModes[c.turns.torn%len(tornModes)]
	c.turns.torn++
	c.breaks(ctx, torn, mode)
	c.reloadAndPass(ctx, torn, c.manifest(torn, "", nil))
}

// breaks is a version that is taken and breaks on its probation.
func (c *chaos) breaks(ctx context.Context, name, mode string) {
	m := c.manifest(name, mode, nil)
	back := c.expect(ctx, name, "rolled back to ")
	defer back.giveUp()
	i := c.load.begins(incident{plugin: name, sort: badVersion, version: m["version"].(string)})
	defer c.load.over(i)
	if err := c.install(name, m); err != nil {
		c.load.fails("install: %v", err)
		return
	}
	_ = c.host.Plugin(name).Reload(ctx) // which it may be told of as a success or, if it breaks at once, not
	if mode == isSick && c.turns.torn%2 == 0 {
		c.killParked(name)
	}
	if back.came() {
		c.rollbacks.Add(1)
	}
	c.isGone(ctx, name, m["version"].(string))
}

// isGone waits until a version does not serve any more: where the watch was first to find it, it was rolled back before Reload tried it again.
func (c *chaos) isGone(ctx context.Context, name, version string) {
	for p := c.host.Plugin(name); p.Status().Version == version; pause(ctx, time.Millisecond) {
		if ctx.Err() != nil {
			c.load.fails("%s %s is bad and goes on", name, version)
			return
		}
	}
}

// refuses is a version that never answers a call. No call may notice.
func (c *chaos) refuses(ctx context.Context, mode string) {
	err := c.install(bad, c.manifest(bad, mode, nil))
	if err == nil && mode == notAProgram {
		err = c.put(bad, "soak", func(out io.Writer) error { _, err := io.WriteString(out, "\x7fELF, or so it says"); return err })
	}
	if err != nil {
		c.load.fails("install: %v", err)
		return
	}
	switch err = c.host.Plugin(bad).Reload(ctx); {
	case err == nil:
		c.load.fails("a version that %s was taken", mode)
	default:
		c.refused.Add(1)
	}
	if mode == notAProgram {
		if err := c.putProgram(bad, 0); err != nil {
			c.load.fails("install: %v", err)
		}
	}
}

// reloadAndPass is a good version, until its probation is over.
func (c *chaos) reloadAndPass(ctx context.Context, name string, m members) {
	passed := c.expect(ctx, name, m["version"].(string)+" has passed its probation")
	defer passed.giveUp()
	c.reload(ctx, name, m)
	passed.came()
}

// reloadsMixed is a good version that may be killed before it answers. What then happens is for the callers to see.
func (c *chaos) reloadsMixed(ctx context.Context) {
	p := c.host.Plugin(mixed)
	err := c.install(mixed, c.manifest(mixed, "", nil))
	if err != nil {
		c.load.fails("install: %v", err)
	}
	if p.Reload(ctx) == nil {
		c.reloads.Add(1)
	}
	c.returns(ctx, p)
}

// returns waits until a plugin is ready.
func (c *chaos) returns(ctx context.Context, p *host.Plugin) {
	if err := p.Ready(ctx); err != nil {
		c.load.fails("%s does not come back: %v", p.Name(), err)
	}
}
