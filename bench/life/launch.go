package life

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

const launchGroup = "launch to first reply"

// A launcher is a variant of a launch. before is not timed.
type launcher struct {
	name    string
	program string
	before  func(context.Context) error
	launch  func(context.Context, *world, string) (*server, error)
}

// launches measures how long it takes from the decision to launch to the first reply, alternating between all variants launch by launch. A value is the median of
// a repetition's launches.
func (b *bench) launches(ctx context.Context) error {
	all, end, err := b.launchers(ctx)
	defer end()
	if err != nil || len(all) == 0 {
		return err
	}
	each := b.pick(5, 20)
	for r := range b.repetitions() {
		b.progress(fmt.Sprintf("launch, %d of %d", r+1, b.repetitions()))
		times := make([][]time.Duration, len(all))
		for n := range each {
			for i := range rotated(len(all), r+n) {
				took, err := b.firstReply(ctx, all[i])
				if err != nil {
					return fmt.Errorf("launch %s: %w", all[i].name, err)
				}
				times[i] = append(times[i], took)
			}
		}
		for i, l := range all {
			b.add(launchGroup, "64 B", l.name, "ms", ms(median(times[i])))
		}
	}
	return nil
}

// launchers are all variants that are wanted. end is to be called in the end, also after an error.
func (b *bench) launchers(ctx context.Context) (all []launcher, end func(), err error) {
	for _, p := range peers {
		all = append(all, launcher{name: p.name, program: p.program, launch: p.launch})
	}
	ends := []func(){}
	end = func() {
		for _, f := range ends {
			f()
		}
	}
	cold, err := newGround(b.world, "hotplug", pluginName)
	if err != nil {
		return nil, end, err
	}
	ends = append(ends, cold.remove)
	warm, err := newGround(b.world, "hotplug", pluginName)
	if err != nil {
		return nil, end, err
	}
	ends = append(ends, warm.remove)
	again, err := newRelauncher(ctx, b.world)
	if err != nil {
		return nil, end, err
	}
	ends = append(ends, again.end)
	all = append(all,
		launcher{name: "hotplug, host opened, cold store", before: func(context.Context) error { return cold.forget() }, launch: cold.launch},
		launcher{name: "hotplug, host opened, warm store", before: warm.prime, launch: warm.launch},
		launcher{name: "hotplug, within an open host", before: again.stop, launch: again.launch},
	)
	return slices.DeleteFunc(all, func(l launcher) bool { return !b.wants(launchGroup + "/64 B/" + l.name) }), end, nil
}

// firstReply launches, makes one call, and ends what was launched.
func (b *bench) firstReply(ctx context.Context, l launcher) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if l.before != nil {
		if err := l.before(ctx); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	s, err := l.launch(ctx, b.world, b.program(l.program))
	if err != nil {
		return 0, err
	}
	err = s.answers(ctx)
	took := time.Since(begin)
	if failed := s.end(); err == nil {
		err = failed
	}
	return took, err
}

// patience is for one launch or call: far more than any takes.
const patience = 30 * time.Second

// prime makes the store warm, if it is not: a host copies all of it, and is closed once the copies are old enough for what they hash to to be kept.
func (g *ground) prime(ctx context.Context) error {
	if g.primed {
		return nil
	}
	h, err := g.open(ctx)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	g.primed = true
	return h.Close()
}

// A relauncher launches the plugin of a host that is open.
type relauncher struct {
	ground *ground
	host   *host.Host
	plugin *host.Plugin
}

func newRelauncher(ctx context.Context, w *world) (*relauncher, error) {
	g, err := newGround(w, "hotplug", pluginName)
	if err != nil {
		return nil, err
	}
	h, err := g.open(ctx)
	if err != nil {
		g.remove()
		return nil, err
	}
	return &relauncher{g, h, h.Plugin(pluginName)}, nil
}

func (r *relauncher) stop(ctx context.Context) error { return r.plugin.Disable(ctx) }

func (r *relauncher) launch(ctx context.Context, _ *world, _ string) (*server, error) {
	if err := r.plugin.Enable(ctx); err != nil {
		return nil, err
	}
	return &server{r.plugin.Status().PID, echoOf(r.plugin), func() error { return nil }}, nil
}

func (r *relauncher) end() {
	r.host.Close()
	r.ground.remove()
}
