package measure

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

// Profiled is where the time of the calling process goes, as its CPU profile says, of what has a bar that is hard to reach.
const Profiled = "where the caller's time goes"

// profiling is how many times longer than other measurements one is of which a profile is taken: that has 100 samples a second.
const profiling = 8

// profiled are those tests, each with the placement of its bar.
func (o Options) profiled() (out []test) {
	long := profiling * o.Time
	total := int64(1) << 30
	if o.Quick {
		long, total = o.Time, 64<<20
	}
	for _, t := range []struct {
		name string
		at   place.Placement
		ours string
		run  run
	}{
		{Sequential + ", " + Bytes(64), place.OneCore, contender.Hotplug, sequential(64, long)},
		{Callers(64), place.Free, contender.Hotplug, together(64, 64, long)},
		{Callers(1024), place.Free, contender.Hotplug, together(1024, 64, long)},
		{"stream of 1 GiB, " + Down, place.Free, contender.HotplugLent, stream(true, total)},
		{"stream of 1 GiB, " + Up, place.Free, contender.HotplugLent, stream(false, total)},
	} {
		if t.at == o.Placement {
			out = append(out, test{group: Profiled, name: t.name, contenders: []string{contender.Bare, t.ours}, run: withProfile(t.run)})
		}
	}
	return out
}

// withProfile has a test yield shares of its CPU profile.
func withProfile(r run) run {
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		var text bytes.Buffer
		if err := pprof.StartCPUProfile(&text); err != nil {
			return nil, err
		}
		begin := time.Now()
		_, err := r(ctx, c)
		took := time.Since(begin)
		pprof.StopCPUProfile()
		if err != nil {
			return nil, err
		}
		p, err := profile.Parse(&text)
		if err != nil {
			return nil, fmt.Errorf("read the CPU profile: %w", err)
		}
		return shares(p, took), nil
	}
}

// kinds are what time is spent on, in the order of kindOf.
var kinds = []string{
	"% reading, in the kernel", "% writing, in the kernel", "% waiting and waking, in the kernel", "% allocating, collecting and copying memory",
	"% in the runtime's scheduler and locks", "% in hotplug", "% elsewhere",
}

const (
	toRead = iota
	toWrite
	toWait
	toRemember
	toSchedule
	ours
	elsewhere
)

// The functions by which a sample is known: those of memory wherever they are in its stack, the others by the innermost one.
var (
	ofMemory = regexp.MustCompile(`^runtime\.(bgsweep|bgscavenge|mallocgc|memmove|memclr|gcBgMarkWorker|gcAssist|gcStart|gcDrain|gcMark|growslice|makeslice|sysUnused)`)
	inKernel = regexp.MustCompile(`^internal/runtime/syscall|^runtime\.(futex|usleep|read|write1|tgkill)$|^syscall\.`)
	reads    = regexp.MustCompile(`\.(read|recv|Read)\w*$`)
	writes   = regexp.MustCompile(`\.(write|send|Write)\w*$`)
	runtimes = regexp.MustCompile(`^(runtime|sync|internal/sync|sync/atomic|internal/runtime/\w+|internal/poll|time)\.`)
	hotplugs = regexp.MustCompile(`^github\.com/go-hotplug/hotplug/`)
)

// near is how many frames above a system call say what it was for.
const near = 8

// kindOf is the kind of a sample, whose stack begins with the innermost function.
func kindOf(stack []string) int {
	switch {
	case len(stack) == 0:
		return elsewhere
	case slices.ContainsFunc(stack, ofMemory.MatchString):
		return toRemember
	case inKernel.MatchString(stack[0]):
		above := stack[1:min(len(stack), near)]
		switch {
		case slices.ContainsFunc(above, reads.MatchString):
			return toRead
		case slices.ContainsFunc(above, writes.MatchString):
			return toWrite
		}
		return toWait
	case runtimes.MatchString(stack[0]):
		return toSchedule
	case hotplugs.MatchString(stack[0]):
		return ours
	}
	return elsewhere
}

// shares are how much of the time each kind has, and how much of it was time at all.
func shares(p *profile.Profile, took time.Duration) (out []reading) {
	var total int64
	sums := make([]int64, len(kinds))
	for _, s := range p.Sample {
		v := s.Value[len(s.Value)-1] // nanoseconds; before that is how many samples
		total += v
		sums[kindOf(stackOf(s))] += v
	}
	if total == 0 {
		return nil
	}
	for i, k := range kinds {
		out = append(out, reading{k, 100 * float64(sums[i]) / float64(total)})
	}
	return append(out, reading{"% of a core in all", 100 * float64(total) / float64(took)})
}

// stackOf lists the functions of a sample, the innermost one first.
func stackOf(s *profile.Sample) (names []string) {
	for _, l := range s.Location {
		for _, line := range l.Line {
			names = append(names, line.Function.Name)
		}
	}
	return names
}
