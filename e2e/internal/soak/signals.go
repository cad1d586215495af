package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/leftovers"
)

// signals sends one to the process of a plugin that is ready.
func (c *chaos) signals(ctx context.Context) {
	p := c.host.Plugin(killed)
	c.returns(ctx, p)
	pid := p.Status().PID
	turn := c.turns.killed
	c.turns.killed++
	switch {
	case pid == 0:
	case turn%5 == 1:
		c.stops.Add(1)
		c.stop(ctx, pid)
	case turn%5 == 3:
		c.stops.Add(1)
		i := c.load.begins(incident{plugin: killed, sort: signal, pid: pid})
		send(pid, stopSignal) // until its health checks end it
		c.awaitEnd(ctx, killed, pid)
		c.load.over(i)
	default:
		c.kill(ctx, killed, pid)
	}
	pause(ctx, time.Duration(rand.IntN(300))*time.Millisecond)
}

// stop has a process stand still for less time than its health checks allow. No call may be lost by that, unless this program stood still itself meanwhile.
func (c *chaos) stop(ctx context.Context, pid int) {
	i := c.load.begins(incident{plugin: killed, sort: signal, pid: pid})
	begun := time.Now()
	send(pid, stopSignal)
	pause(ctx, healthInterval/2)
	send(pid, contSignal)
	if time.Since(begun) < (healthMisses-1)*healthInterval {
		c.load.neverWas(i)
		return
	}
	pause(ctx, healthMisses*healthInterval)
	c.returns(ctx, c.host.Plugin(killed))
	c.load.over(i)
}

// kill ends a process, and waits until the host has seen to it.
func (c *chaos) kill(ctx context.Context, plugin string, pid int) {
	c.kills.Add(1)
	i := c.load.begins(incident{plugin: plugin, sort: signal, pid: pid})
	send(pid, killSignal)
	c.awaitEnd(ctx, plugin, pid)
	c.load.over(i)
}

// awaitEnd waits until the host has seen to the end of a process. That of a parked one it sees to when it needs it, or no more, and no call is in that.
func (c *chaos) awaitEnd(ctx context.Context, plugin string, pid int) {
	for ended := time.Now(); c.runs(pid) && time.Since(ended) < unseen && ctx.Err() == nil; pause(ctx, time.Millisecond) {
		if leftovers.Alive(pid) {
			ended = time.Now()
		}
	}
	c.returns(ctx, c.host.Plugin(plugin))
}

// unseen is how long the end of a process that serves may stay unseen.
const unseen = time.Second

// killsMixed ends one of the processes of a plugin, whatever that does at the moment.
func (c *chaos) killsMixed(ctx context.Context) {
	pause(ctx, time.Duration(50+rand.IntN(500))*time.Millisecond)
	pids := slices.DeleteFunc(c.processes(mixed), func(pid int) bool { return !leftovers.Alive(pid) })
	if len(pids) > 0 {
		c.kill(ctx, mixed, pids[rand.IntN(len(pids))])
	}
}

// killParked ends all processes of a plugin but the one that serves, so that there is no way back but the copy in the store.
func (c *chaos) killParked(plugin string) {
	serves := c.host.Plugin(plugin).Status().PID
	for _, pid := range c.processes(plugin) {
		if pid != serves && leftovers.Alive(pid) {
			c.kills.Add(1)
			send(pid, killSignal)
		}
	}
}
