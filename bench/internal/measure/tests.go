package measure

import (
	"fmt"
	"slices"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
)

// The groups.
const (
	Sequential = "sequential call"
	Throughput = "throughput"
	Back       = "call from plugin to host"
	Typed      = "typed payload"
	Dressed    = "middleware and hooks"
	Notices    = "notices"
	Streams    = "stream"
	Beside     = "call beside idle streams"
)

// The cases of Streams.
const (
	Down = "plugin to host"
	Up   = "host to plugin"
)

var (
	sizes   = []int{64, 1 << 10, 64 << 10, 1 << 20}
	crowds  = []int{1, 8, 64, 1024}
	dresses = []string{contender.Hotplug, contender.HotplugOne, contender.HotplugThree, contender.HotplugHooks}
	calling = []string{contender.Bare, contender.GoPlugin, contender.Hotplug}
	flowing = append(slices.Clone(calling), contender.HotplugLent)
	telling = []string{contender.Bare, contender.Hotplug}
	holding = []string{contender.GoPlugin, contender.Hotplug}
)

// large is the size of payloads that are worth borrowing, in bytes.
const large = 64 << 10

// tests is everything that is measured.
func (o Options) tests() (out []test) {
	all := contender.Names()
	add := func(group, name string, who []string, r run) {
		out = append(out, test{group: group, name: name, contenders: who, run: r})
	}
	for _, size := range sizes {
		who := all
		if size >= large {
			who = append(slices.Clone(all), contender.HotplugLent)
		}
		add(Sequential, Bytes(size), who, sequential(size, o.Time))
	}
	for _, n := range crowds {
		add(Throughput, Callers(n), all, together(n, 64, o.Time))
	}
	add(Back, Bytes(64), calling, back(64, o.Time))
	add(Typed, "10 fields", all, typed(o.Time))
	add(Dressed, Bytes(64), dresses, sequential(64, o.Time))
	add(Notices, Bytes(64), telling, notices(64, o.Time))
	total, idle := int64(1)<<30, 10_000
	if o.Quick {
		total, idle = 128<<20, 1_000
	}
	add(Streams, Down, flowing, stream(true, total))
	add(Streams, Up, flowing, stream(false, total))
	out = append(out, o.profiled()...)
	return append(out, test{Beside, grouped(idle) + " streams", holding, true, beside(idle, o.Time)})
}

// Callers is the case of so many at once.
func Callers(n int) string {
	if n == 1 {
		return "1 caller"
	}
	return grouped(n) + " callers"
}

func grouped(n int) string {
	if n >= 1000 {
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return fmt.Sprint(n)
}

// Bytes is the case of a payload of so many.
func Bytes(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
