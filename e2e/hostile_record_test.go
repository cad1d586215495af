//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
)

// writeRecord appends what a row led to to the file that EnvRecord names, as a line of JSON.
func writeRecord(t *testing.T, r faults.Record) {
	t.Helper()
	r.Held = !t.Failed()
	path := os.Getenv(faults.EnvRecord)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	mustDo(t, err)
	defer f.Close()
	mustDo(t, json.NewEncoder(f).Encode(r))
}

// A meter looks at how much of this process's heap lives, until it is stopped.
type meter struct {
	before, peak int64
	stopped      chan struct{}
	done         sync.WaitGroup
}

// lookEvery is how long a meter rests between two looks, each of which collects garbage.
const lookEvery = 10 * time.Millisecond

// living is how much of the heap lives, in bytes.
func living() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func newMeter() *meter {
	living() // what is pooled goes with the second collection
	m := &meter{before: living(), stopped: make(chan struct{})}
	m.done.Go(func() {
		for {
			m.peak = max(m.peak, living())
			select {
			case <-m.stopped:
				return
			case <-time.After(lookEvery):
			}
		}
	})
	return m
}

// grown stops it, and is the most that lived beyond what did before.
func (m *meter) grown() int64 {
	close(m.stopped)
	m.done.Wait()
	return max(0, m.peak-m.before)
}

// A witness calls a well-behaved plugin all the time, and knows what each answer has to be.
type witness struct {
	t     *testing.T
	stop  context.CancelFunc
	done  sync.WaitGroup
	times []time.Duration // to be read once it has stopped
}

func newWitness(t *testing.T, h *host.Host) *witness {
	ctx, cancel := context.WithCancel(t.Context())
	w := &witness{t: t, stop: cancel}
	w.done.Go(func() { w.watch(ctx, h.Plugin("counter")) })
	return w
}

func (w *witness) watch(ctx context.Context, p *host.Plugin) {
	for want := int64(1); ctx.Err() == nil; want++ {
		begun := time.Now()
		got, err := counterAdd.Call(context.WithoutCancel(ctx), p, delta{By: 1})
		if err != nil || got.Value != want {
			w.t.Errorf("the other plugin's call %d: %d, %v", want, got.Value, err)
			return
		}
		w.times = append(w.times, time.Since(begun))
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
}

// seen stops it, and says how many calls were answered, and within what time 99 of 100 were.
func (w *witness) seen() (calls int, p99 time.Duration) {
	w.t.Helper()
	w.stop()
	w.done.Wait()
	if len(w.times) == 0 {
		w.t.Error("the other plugin answered no call")
		return 0, 0
	}
	slices.Sort(w.times)
	return len(w.times), w.times[(len(w.times)-1)*99/100]
}
