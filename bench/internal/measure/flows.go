package measure

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

// notices is one sender: how many of its messages are handled.
func notices(size int, d time.Duration) run {
	data := make([]byte, size)
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		t, err := as[contender.Teller](c)
		if err != nil {
			return nil, err
		}
		runtime.GC()
		if _, err := tell(ctx, t, data, d/10); err != nil {
			return nil, err
		}
		before, err := now(c)
		if err != nil {
			return nil, err
		}
		n, err := tell(ctx, t, data, d)
		if err != nil {
			return nil, err
		}
		after, err := now(c)
		return append([]reading{{"notices/s", after.rate(before, n)}}, after.since(before, n)...), err
	}
}

func tell(ctx context.Context, t contender.Teller, data []byte, d time.Duration) (n int, err error) {
	for begin := time.Now(); n%64 > 0 || time.Since(begin) < d; n++ {
		if err := t.Tell(ctx, data); err != nil {
			return n, err
		}
	}
	return n, t.Settle(ctx)
}

const chunk = 64 << 10

// stream is one call that carries many chunks, one way.
func stream(down bool, total int64) run {
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		s, err := as[contender.Streamer](c)
		if err != nil {
			return nil, err
		}
		carry := s.Up
		if down {
			carry = s.Down
		}
		runtime.GC()
		if _, err := carry(ctx, total/32, chunk); err != nil {
			return nil, err
		}
		before, err := now(c)
		if err != nil {
			return nil, err
		}
		n, err := carry(ctx, total, chunk)
		if err == nil && n != total {
			err = fmt.Errorf("%d bytes of %d have arrived", n, total)
		}
		if err != nil {
			return nil, err
		}
		after, err := now(c)
		return append([]reading{{"bytes/s", after.rate(before, int(total))}}, after.since(before, int(total/chunk))...), err
	}
}

// beside is sequential calls while streams are open on which nothing happens, and what these take of either process's memory.
func beside(streams int, d time.Duration) run {
	return func(ctx context.Context, c contender.Contender) ([]reading, error) {
		h, err := as[contender.Holder](c)
		if err != nil {
			return nil, err
		}
		call := func() error { return echo(ctx, c, make([]byte, 64)) }
		if err := warmUp(d/10, call); err != nil {
			return nil, err
		}
		before := memoryOf(c)
		release, err := h.Hold(ctx, streams)
		if err != nil {
			return nil, err
		}
		held := memoryOf(c)
		readings, err := oneByOne(c, d, call)
		return append(readings, held.each(before, streams)...), errors.Join(err, release())
	}
}

// A memory is what both processes have in use.
type memory struct {
	own, other int64 // bytes: live objects and stacks of this one, the resident set of the other
	known      bool  // other is, which the system has to tell
}

func memoryOf(c contender.Contender) memory {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	other, err := place.Memory(c.PID())
	return memory{int64(m.HeapAlloc + m.StackInuse), other, err == nil}
}

// each is what one of n takes that came since.
func (m memory) each(before memory, n int) []reading {
	readings := []reading{{"KiB of caller per stream", kib(m.own-before.own) / float64(n)}}
	if m.known && before.known {
		readings = append(readings, reading{"KiB of callee per stream", kib(m.other-before.other) / float64(n)})
	}
	return readings
}

func kib(bytes int64) float64 { return float64(bytes) / (1 << 10) }
