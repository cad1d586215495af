package life

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

const reloadGroup = "reload under load"

var reloadCases = []string{"failed calls", "longest stall, quiet", "longest stall, reloading", "longest stall against quiet"}

// reloading is the load: 8 callers at 400 calls/s each.
var reloading = pace{callers: 8, every: time.Second / 400}

// A subject is a plugin that can be replaced while it is called.
type subject interface {
	call(ctx context.Context) error
	replace(ctx context.Context) error
	end() error
}

// reloads measures what callers see of a plugin that is replaced, against a quiet time of the same length just before.
func (b *bench) reloads(ctx context.Context) error {
	var variants []func(context.Context) error
	for _, v := range []struct {
		name string
		open func(context.Context, *world) (subject, error)
	}{{"hotplug", newReloaded}, {"go-plugin gRPC", newKilled}} {
		if b.wantsAny(reloadGroup, reloadCases, v.name) {
			variants = append(variants, func(ctx context.Context) error { return b.replaced(ctx, v.name, v.open) })
		}
	}
	return b.repeat(ctx, reloadGroup, variants)
}

func (b *bench) replaced(ctx context.Context, name string, open func(context.Context, *world) (subject, error)) (err error) {
	s, err := open(ctx, b.world)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	times := b.pick(2, 5)
	window := time.Duration(times) * time.Second
	reloading.during(ctx, window/5, s.call) // heaps and connections come to size
	quiet := reloading.during(ctx, window, s.call)
	if quiet.err != nil {
		return fmt.Errorf("%s: %d of %d calls failed without a reload: %w", name, quiet.failed, quiet.calls, quiet.err)
	}
	ended := make(chan error, 1) // of the goroutine that replaces; it ends within its window
	go func() { ended <- replaceOften(ctx, s, times, window) }()
	busy := reloading.during(ctx, window, s.call)
	if err := <-ended; err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.add(reloadGroup, reloadCases[0], name, "calls", float64(busy.failed))
	b.add(reloadGroup, reloadCases[1], name, "ms", ms(quiet.stall))
	b.add(reloadGroup, reloadCases[2], name, "ms", ms(busy.stall))
	b.add(reloadGroup, reloadCases[3], name, "ratio", float64(busy.stall)/float64(quiet.stall))
	return nil
}

// replaceOften replaces in the middle of each of the window's parts.
func replaceOften(ctx context.Context, s subject, times int, window time.Duration) error {
	part := window / time.Duration(times)
	for due := time.Now().Add(part / 2); times > 0; times-- {
		time.Sleep(time.Until(due))
		if err := s.replace(ctx); err != nil {
			return err
		}
		due = due.Add(part)
	}
	return nil
}

// A reloaded is a plugin of hotplug. Each new version is another program, byte for byte.
type reloaded struct {
	ground  *ground
	host    *host.Host
	plugin  *host.Plugin
	echo    func(context.Context, []byte) ([]byte, error)
	version int
}

func newReloaded(ctx context.Context, w *world) (subject, error) {
	g, err := newGround(w, "hotplug", pluginName)
	if err != nil {
		return nil, err
	}
	h, err := g.open(ctx)
	if err != nil {
		g.remove()
		return nil, err
	}
	p := h.Plugin(pluginName)
	return &reloaded{ground: g, host: h, plugin: p, echo: echoOf(p)}, nil
}

func (r *reloaded) call(ctx context.Context) error {
	_, err := r.echo(ctx, payload)
	return err
}

func (r *reloaded) replace(ctx context.Context) error {
	r.version++
	if err := r.ground.w.install(r.ground.plugins, pluginName, r.ground.program, fmt.Sprint("version ", r.version)); err != nil {
		return err
	}
	return r.plugin.Reload(ctx)
}

func (r *reloaded) end() error {
	defer r.ground.remove()
	return r.host.Close()
}

// A killed is a plugin of go-plugin, which has no other way: the old process is ended, then the new one is started.
type killed struct {
	w    *world
	live atomic.Pointer[server]
}

func newKilled(ctx context.Context, w *world) (subject, error) {
	k := &killed{w: w}
	return k, k.start(ctx)
}

func (k *killed) start(ctx context.Context) error {
	s, err := launchPluginGRPC(ctx, k.w, k.w.program("plugingrpc"))
	if err == nil {
		k.live.Store(s)
	}
	return err
}

func (k *killed) call(ctx context.Context) error { return k.live.Load().answers(ctx) }

func (k *killed) replace(ctx context.Context) error {
	if err := k.live.Load().end(); err != nil {
		return err
	}
	return k.start(ctx)
}

func (k *killed) end() error { return k.live.Load().end() }
