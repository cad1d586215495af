package host

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
)

// A watch looks after the instance that answers calls, and tells its owner.
type watch struct {
	sick   chan error    // why the instance counts as broken: it missed health.misses checks in a row
	unused chan struct{} // no message for as long as idle says
	stop   context.CancelFunc
}

func newWatch() watch { return watch{} }

// over begins to look after an instance, as a spec says, and ends what it did before.
func (w *watch) over(i *instance, s *spec) {
	w.end()
	ctx, cancel := context.WithCancel(context.Background())
	sick, unused := make(chan error, 1), make(chan struct{}, 1)
	w.sick, w.unused, w.stop = sick, unused, cancel
	if every := time.Duration(s.health.Interval); every > 0 && !liftsTimeouts() && !s.foreign() {
		go i.checkHealth(ctx, every, s.health.Misses, sick)
	}
	if s.lazy && s.idle > 0 {
		go i.awaitUnused(ctx, s.idle, unused)
	}
}

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
	}
	w.sick, w.unused, w.stop = nil, nil, nil
}

// checkHealth asks for a sign of life every so often, until ctx ends or the connection does.
func (i *instance) checkHealth(ctx context.Context, every time.Duration, misses int, sick chan<- error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-i.conn.Done():
			return
		case <-tick.C:
		}
		err := i.check(ctx, every)
		if err == nil || ctx.Err() != nil {
			missed = 0
			continue
		}
		missed++
		i.log.Warn("a health check was missed", "missed", missed, "of", misses, "reason", err.Error())
		if missed >= misses {
			sick <- fmt.Errorf("it missed %d health checks in a row (health.misses): %w", missed, err)
			return
		}
	}
}

// check is one health check: a ping, and the Health hook, if there is one.
func (i *instance) check(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s (health.interval)", limit))
	defer cancel()
	if _, err := i.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ping: %w", brief(causeOf(ctx, err)))
	}
	if !i.feature(lifecycle.FeatureHealth) {
		return nil
	}
	i.checks.Add(1)
	_, err := lifecycle.Health.Call(ctx, i.conn, lifecycle.None{})
	if err != nil {
		return fmt.Errorf("its Health hook: %w", brief(causeOf(ctx, err)))
	}
	return nil
}

// causeOf is why ctx ended, if it has, or err.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// looks is how often in its idle time a plugin is looked at.
const looks = 4

// awaitUnused tells when no message has come from the plugin, and none is under way, for a time.
func (i *instance) awaitUnused(ctx context.Context, idle time.Duration, unused chan<- struct{}) {
	tick := time.NewTicker(max(idle/looks, time.Millisecond))
	defer tick.Stop()
	last, since := i.messages(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-i.conn.Done():
			return
		case <-tick.C:
		}
		s := i.conn.Stats()
		if n := i.messages(); n != last || s.Pending+s.Serving+s.Unacknowledged > 0 {
			last, since = n, time.Now()
		}
		if time.Since(since) >= idle {
			unused <- struct{}{}
			return
		}
	}
}

// messages counts what came from the plugin, answers to health checks left out.
func (i *instance) messages() uint64 { return i.conn.Stats().Received - i.checks.Load() }
