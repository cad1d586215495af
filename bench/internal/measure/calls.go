package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

// sequential is one caller: the median of its calls.
func sequential(size int) func(context.Context, contender.Contender, time.Duration) ([]reading, error) {
	data := make([]byte, size)
	return func(ctx context.Context, c contender.Contender, d time.Duration) ([]reading, error) {
		return oneByOne(c, d, func() error { return echo(ctx, c, data) })
	}
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
	for last := before.at; last.Sub(before.at) < d && len(took) < cap(took); {
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

// together is many callers at once: how many calls they get done.
func together(callers, size int) func(context.Context, contender.Contender, time.Duration) ([]reading, error) {
	data := make([]byte, size)
	return func(ctx context.Context, c contender.Contender, d time.Duration) ([]reading, error) {
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
		if err != nil {
			return nil, err
		}
		return append([]reading{{"calls/s", float64(n) / after.at.Sub(before.at).Seconds()}}, after.since(before, n)...), nil
	}
}

// crowd has callers call for a while, and returns how often they did.
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
			for !over.Load() {
				if err := call(); err != nil {
					failed <- err
					break
				}
				n++
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

// A moment is what has been used up to it.
type moment struct {
	at      time.Time
	cpu     time.Duration // of both processes; 0 where the system does not tell
	mallocs uint64        // of this one
}

func now(c contender.Contender) (moment, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	own, err := place.CPUTime(os.Getpid())
	other, err2 := place.CPUTime(c.PID())
	if err := errors.Join(err, err2); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return moment{}, fmt.Errorf("read the CPU time of both processes: %w", err)
	}
	return moment{at: time.Now(), cpu: own + other, mallocs: m.Mallocs}, nil
}

// since is what each of n calls took of both processes' CPU time and of this one's memory.
func (m moment) since(before moment, n int) (readings []reading) {
	if m.cpu > 0 {
		readings = append(readings, reading{"µs of CPU", micro(m.cpu-before.cpu) / float64(n)})
	}
	return append(readings, reading{"allocs", float64(m.mallocs-before.mallocs) / float64(n)})
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
