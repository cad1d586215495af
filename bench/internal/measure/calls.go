package measure

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
)

// A run is what a test does with a contender.
type run = func(context.Context, contender.Contender) ([]reading, error)

// sequential is one caller that sends so many bytes: the median of its calls.
func sequential(size int, d time.Duration) run {
	data := make([]byte, size)
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		return oneByOne(c, d, func() error { return echo(ctx, c, data) })
	}
}

// typed is one caller that sends the sample order.
func typed(d time.Duration) run {
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		p, err := as[contender.Placer](c)
		if err != nil {
			return nil, err
		}
		return oneByOne(c, d, func() error { return p.Place(ctx) })
	}
}

// back is the process calling this one.
func back(size int, d time.Duration) run {
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		driver, err := as[contender.Driver](c)
		if err != nil {
			return nil, err
		}
		runtime.GC()
		if _, err := driver.Drive(ctx, contender.Drive{For: d / 10, Size: size}); err != nil {
			return nil, err
		}
		before, err := now(c)
		if err != nil {
			return nil, err
		}
		driven, err := driver.Drive(ctx, contender.Drive{For: d, Size: size})
		if err != nil {
			return nil, err
		}
		after, err := now(c)
		return append([]reading{{"µs", micro(driven.Median)}}, after.since(before, driven.Calls)...), err
	}
}

// as is a contender that can do something.
func as[T any](c contender.Contender) (can T, err error) {
	can, ok := c.(T)
	if !ok {
		err = fmt.Errorf("a %T cannot do that: it is no %T", c, &can)
	}
	return can, err
}

// oneByOne calls for a while, a tenth of it as a warm-up.
func oneByOne(c contender.Contender, d time.Duration, call func() error) ([]reading, error) {
	if err := warmUp(d/10, call); err != nil {
		return nil, err
	}
	took := make([]time.Duration, 0, 1<<18)
	before, err := now(c)
	if err != nil {
		return nil, err
	}
	for last := before.end; last.Sub(before.end) < d && len(took) < cap(took); {
		if err := call(); err != nil {
			return nil, err
		}
		next := time.Now()
		took = append(took, next.Sub(last))
		last = next
	}
	after, err := now(c)
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	n := len(took)
	return append([]reading{{"µs", micro(took[n/2])}}, after.since(before, n)...), nil
}

func warmUp(d time.Duration, call func() error) error {
	runtime.GC() // what the contender before has left is not this one's
	for begin := time.Now(); ; {
		if err := call(); err != nil || time.Since(begin) > d {
			return err
		}
	}
}

// together is callers at once: how many calls they get done.
func together(callers, size int, d time.Duration) run {
	data := make([]byte, size)
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		call := func() error { return echo(ctx, c, data) }
		runtime.GC()
		if _, err := crowd(callers, d/10, call); err != nil {
			return nil, err
		}
		before, err := now(c)
		if err != nil {
			return nil, err
		}
		n, err := crowd(callers, d, call)
		if err != nil {
			return nil, err
		}
		after, err := now(c)
		return append([]reading{{"calls/s", after.rate(before, n)}}, after.since(before, n)...), err
	}
}

// crowd has callers call for a while, each at least once, and returns how often they did.
func crowd(callers int, d time.Duration, call func() error) (int, error) {
	var all sync.WaitGroup
	var done atomic.Int64
	var over atomic.Bool
	failed := make(chan error, callers) // each caller sends at most one
	timer := time.AfterFunc(d, func() { over.Store(true) })
	defer timer.Stop()
	for range callers {
		all.Go(func() {
			n := 0
			for ; n == 0 || !over.Load(); n++ {
				if err := call(); err != nil {
					failed <- err
					break
				}
			}
			done.Add(int64(n))
		})
	}
	all.Wait()
	close(failed)
	return int(done.Load()), <-failed
}

func echo(ctx context.Context, c contender.Contender, data []byte) error {
	reply, err := c.Echo(ctx, data)
	if err == nil && len(reply) != len(data) {
		err = fmt.Errorf("%d bytes came back, %d were sent", len(reply), len(data))
	}
	return err
}
