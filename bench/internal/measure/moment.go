package measure

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/contender"
	"github.com/go-hotplug/hotplug/bench/internal/place"
)

// A moment is what has been used up to it. To look takes some time and memory itself: what is between two moments begins where the first one ends, and ends where
// the second one begins.
type moment struct {
	at, end time.Time
	cpu     time.Duration // of both processes; 0 where the system does not tell
	mallocs uint64        // of this one
	left    uint64        // the same, once that was looked at
}

func now(c contender.Contender) (moment, error) {
	at, first := time.Now(), mallocs()
	own, err := place.CPUTime(os.Getpid())
	other, err2 := place.CPUTime(c.PID())
	if err := errors.Join(err, err2); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return moment{}, fmt.Errorf("read the CPU time of both processes: %w", err)
	}
	m := moment{at: at, cpu: own + other, mallocs: first, left: mallocs()}
	m.end = time.Now()
	return m, nil
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// since is what each of n calls took of both processes' CPU time, and how often it allocated memory in this one.
func (m moment) since(before moment, n int) (readings []reading) {
	if m.cpu > 0 {
		readings = append(readings, reading{"µs of CPU", micro(m.cpu-before.cpu) / float64(n)})
	}
	return append(readings, reading{"allocs", float64(m.mallocs-before.left) / float64(n)})
}

// rate is n in each second.
func (m moment) rate(before moment, n int) float64 {
	return float64(n) / m.at.Sub(before.end).Seconds()
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
