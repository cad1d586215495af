package life

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	startGroup  = "host start"
	perGroup    = "host start per plugin"
	memoryGroup = "memory of a host"
	flightGroup = "memory with calls in flight"

	coldHost = "hotplug, cold store"
	warmHost = "hotplug, warm store"
	growth   = "growth per plugin, RSS"

	coldMost = 10 // plugins of a host that is started with a cold store
)

// inflight is how many calls are in flight at most, unless a manifest says otherwise.
const inflight = 1024

// hosts measures the start of hosts, and what their processes take.
func (b *bench) hosts(ctx context.Context) error {
	var variants []func(context.Context) error
	var grounds []*ground
	defer func() {
		for _, g := range grounds {
			g.remove()
		}
	}()
	counts := []int{1, 10, 100}[:b.pick(2, 3)]
	for _, n := range counts {
		if !b.wantsHosts(n) {
			continue
		}
		g, err := newGround(b.world, "hotplug", names(n)...)
		if err != nil {
			return err
		}
		grounds = append(grounds, g)
		variants = append(variants, func(ctx context.Context) error { return b.host(ctx, g, n) })
	}
	if memoryTold && b.wantsAny(flightGroup, []string{"1,024 calls, host RSS", "1,024 calls, plugin RSS"}, "hotplug") {
		g, err := newGround(b.world, "holder", pluginName)
		if err != nil {
			return err
		}
		grounds = append(grounds, g)
		variants = append(variants, func(ctx context.Context) error { return b.flight(ctx, g) })
	}
	if err := b.repeat(ctx, "hosts", variants); err != nil {
		return err
	}
	b.grown(counts)
	return nil
}

// wantsHosts reports whether any row that hosts with n plugins give a value to is to be measured.
func (b *bench) wantsHosts(n int) bool {
	for _, group := range []string{startGroup, perGroup} {
		if b.wants(group+"/"+plugins(n)+"/"+coldHost) && n <= coldMost || b.wants(group+"/"+plugins(n)+"/"+warmHost) {
			return true
		}
	}
	return memoryTold && b.wantsAny(memoryGroup, []string{plugins(n) + ", RSS", growth}, "hotplug")
}

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("p%03d", i))
	}
	return all
}

func plugins(n int) string {
	if n == 1 {
		return "1 plugin"
	}
	return fmt.Sprint(n, " plugins")
}

// host is one repetition with n plugins: a cold start, unless they are too many for that, and a warm one.
func (b *bench) host(ctx context.Context, g *ground, n int) error {
	if n <= coldMost {
		if err := g.forget(); err != nil {
			return err
		}
		cold, err := g.apply(ctx)
		if err != nil {
			return err
		}
		b.started(coldHost, n, cold.took)
		if err := cold.end(); err != nil {
			return err
		}
	} else if err := g.prime(ctx); err != nil {
		return err
	}
	return b.warmHost(ctx, g, n)
}

func (b *bench) warmHost(ctx context.Context, g *ground, n int) (err error) {
	warm, err := g.apply(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, warm.end()) }()
	b.started(warmHost, n, warm.took)
	if !memoryTold {
		return nil
	}
	if err := warm.do("call"); err != nil {
		return err
	}
	time.Sleep(settle)
	resident, err := residentOf(warm.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.add(memoryGroup, plugins(n)+", RSS", "hotplug", "MiB", mib(resident))
	return nil
}

func (b *bench) started(variant string, n int, took time.Duration) {
	b.add(startGroup, plugins(n), variant, "ms", ms(took))
	b.add(perGroup, plugins(n), variant, "ms", ms(took)/float64(n))
}

// flight is the memory of both ends while calls are in flight.
func (b *bench) flight(ctx context.Context, g *ground) (err error) {
	a, err := g.apply(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.end()) }()
	if err := a.do(fmt.Sprint("hold ", inflight)); err != nil {
		return err
	}
	time.Sleep(settle)
	for i, what := range []string{"host", "plugin"} {
		resident, err := residentOf([]int{a.cmd.Process.Pid, a.pids[0]}[i])
		if err != nil {
			return err
		}
		b.add(flightGroup, "1,024 calls, "+what+" RSS", "hotplug", "MiB", mib(resident))
	}
	return nil
}

// grown is by how much a host grows with each plugin, from the fewest to the most.
func (b *bench) grown(counts []int) {
	few, many := counts[0], counts[len(counts)-1]
	small, large := b.values(memoryGroup, plugins(few)+", RSS", "hotplug"), b.values(memoryGroup, plugins(many)+", RSS", "hotplug")
	for r := range min(len(small), len(large)) {
		b.add(memoryGroup, growth, "hotplug", "MiB", (large[r]-small[r])/float64(many-few))
	}
}
