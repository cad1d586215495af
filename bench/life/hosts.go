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

	coldVariant = "hotplug, cold store"
	warmVariant = "hotplug, warm store"
	growth      = "growth per plugin, RSS"

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
	add := func(program string, names []string, measure func(context.Context, *ground) error) error {
		g, err := newGround(b.world, program, names...)
		if err != nil {
			return err
		}
		grounds = append(grounds, g)
		variants = append(variants, func(ctx context.Context) error { return measure(ctx, g) })
		return nil
	}
	for _, n := range counts {
		if b.wantsCold(n) {
			if err := add("hotplug", names(n), b.coldHost); err != nil {
				return err
			}
		}
		if b.wantsWarm(n) {
			if err := add("hotplug", names(n), b.warmHost); err != nil {
				return err
			}
		}
	}
	if memoryTold && b.wantsAny(flightGroup, []string{"1,024 calls, host RSS", "1,024 calls, plugin RSS"}, "hotplug") {
		if err := add("holder", []string{pluginName}, b.flight); err != nil {
			return err
		}
	}
	if err := b.repeat(ctx, "hosts", variants); err != nil {
		return err
	}
	b.grown(counts)
	return nil
}

// wantsCold reports whether a cold start with n plugins is to be measured. Too many take too long.
func (b *bench) wantsCold(n int) bool { return n <= coldMost && b.wantsStart(n, coldVariant) }

// wantsWarm reports whether a warm start with n plugins, or the memory of such a host, is to be measured.
func (b *bench) wantsWarm(n int) bool {
	return b.wantsStart(n, warmVariant) || memoryTold && b.wantsAny(memoryGroup, []string{plugins(n) + ", RSS", growth}, "hotplug")
}

func (b *bench) wantsStart(n int, variant string) bool {
	return b.wants(startGroup+"/"+plugins(n)+"/"+variant) || b.wants(perGroup+"/"+plugins(n)+"/"+variant)
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

// coldHost starts a host that has copied nothing.
func (b *bench) coldHost(ctx context.Context, g *ground) error {
	if err := g.forget(); err != nil {
		return err
	}
	a, err := g.apply(ctx)
	if err != nil {
		return err
	}
	b.started(coldVariant, len(a.pids), a.took)
	return a.end()
}

// warmHost starts a host after another one of the same folder, and looks at its memory.
func (b *bench) warmHost(ctx context.Context, g *ground) (err error) {
	if err := g.prime(ctx); err != nil {
		return err
	}
	a, err := g.apply(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.end()) }()
	b.started(warmVariant, len(a.pids), a.took)
	if !memoryTold {
		return nil
	}
	if err := a.do("call"); err != nil {
		return err
	}
	time.Sleep(settle)
	resident, err := residentOf(a.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.add(memoryGroup, plugins(len(a.pids))+", RSS", "hotplug", "MiB", mib(resident))
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
