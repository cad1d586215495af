//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
)

// siegeSeed is what random rows draw from.
const siegeSeed = 1

// siegeLimit is how long all turns of a row may take.
const siegeLimit = 30 * time.Second

// siegeLimits are those of the hostile plugin.
var siegeLimits = faults.Limits

// A siege is a host with a hostile plugin and a well-behaved one.
type siege struct {
	*site
	t      *testing.T
	turns  int
	done   chan struct{} // receives when a row was played and its connection goes on
	host   *host.Host
	memory *meter
	other  *witness
}

// besiege starts a host whose hostile plugin plays a row so many times, and is quarantined after the last.
func besiege(t *testing.T, name string, turns int, with m) *siege {
	t.Helper()
	s := &siege{site: newSite(t), t: t, turns: turns, done: make(chan struct{}, 1)}
	manifest := m{
		"restart":    m{"policy": "on-failure", "max": turns - 1, "window": "1h", "backoff": "1ms", "maxBackoff": "1ms"},
		"env":        m{"set": m{faults.EnvFault: name, faults.EnvTurns: filepath.Join(t.TempDir(), "turns"), faults.EnvSeed: fmt.Sprint(siegeSeed)}},
		"limits":     m{"frame": "1GiB", "inflight": 1 << 30, "streams": 1 << 30, "streamItems": 1 << 30, "streamBytes": "1GiB"},
		"activation": "lazy",
	}
	for key, value := range with {
		manifest[key] = value
	}
	s.install("hostile", "hostile", manifest)
	s.host = s.open(func(c *host.Config) {
		c.Handlers = faults.Handlers(func() { s.done <- struct{}{} })
		c.Limits = host.Limits(siegeLimits)
	})
	s.goesOnFromZero()
	s.memory, s.other = newMeter(), newWitness(t, s.host)
	go s.host.Plugin("hostile").Ready(t.Context()) // starts it
	return s
}

// goesOnFromZero waits for the other plugin, and has it count from 0.
func (s *siege) goesOnFromZero() {
	s.t.Helper()
	if got, err := counterGet.Call(s.t.Context(), s.host.Plugin("counter"), struct{}{}); err != nil || got.Value != 0 {
		s.t.Fatalf("the other plugin stands at %d, %v", got.Value, err)
	}
}

// crashes are what the hostile plugin's crashes were said to be, in order.
func (s *siege) crashes() (all []host.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Plugin == "hostile" && (e.To == host.Backoff || e.To == host.Quarantined || e.To == host.Failed) {
			all = append(all, e)
		}
	}
	return all
}

// What a host says of a plugin that exits; the latter, if the process is slower to end than its connection.
const itEnded, itHungUp = "it ended", "it closed its connection while it was serving and did not exit"

// endsEachTime waits until the plugin was quarantined, and checks that each of its crashes named its rule.
func (s *siege) endsEachTime(says func(turn int) string) (rule string) {
	s.t.Helper()
	p := s.host.Plugin("hostile")
	if !eventually(siegeLimit, func() bool { return p.Status().State == host.Quarantined }) {
		s.t.Errorf("not quarantined, but %+v", p.Status())
	}
	eventually(siegeLimit, func() bool { return len(s.crashes()) >= s.turns }) // events come after their state
	all := s.crashes()
	if len(all) != s.turns {
		s.t.Errorf("%d crashes, want %d", len(all), s.turns)
	}
	for turn, e := range all {
		if want := says(turn); e.Err == nil || !strings.Contains(e.Err.Error(), want) && (want != itEnded || !strings.Contains(e.Err.Error(), itHungUp)) {
			s.t.Errorf("time %d: %v, want an error that says %q", turn, e.Err, want)
		}
		if state := host.Backoff; turn < s.turns-1 && e.To != state {
			s.t.Errorf("time %d: the plugin is %s, want %s", turn, e.To, state)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ruleOf(all[0])
}

// ruleOf is what a crash was said to come from.
func ruleOf(e host.Event) string {
	var report *host.CrashReport
	switch {
	case !errors.As(e.Err, &report):
		return e.Reason
	case report.Cause != nil:
		return report.Cause.Error()
	}
	return report.Summary()
}

// goesOnUnharmed waits until the row has been played, and checks that the plugin still serves.
func (s *siege) goesOnUnharmed() {
	s.t.Helper()
	p := s.host.Plugin("hostile")
	select {
	case <-s.done: // calls are answered as soon as the handshake is over, which may be before the plugin counts as ready
		if !eventually(siegeLimit, func() bool { return p.Status().State == host.Ready }) || p.Status().Generation != 1 {
			s.t.Errorf("the row is over, and the plugin is %+v", p.Status())
		}
	case <-time.After(siegeLimit):
		s.t.Errorf("the row is not over; the plugin is %+v", p.Status())
	}
}

// lift ends it, with its record. What is left is looked for when the test ends.
func (s *siege) lift(r faults.Record) {
	s.t.Helper()
	r.Side, r.Times, r.Bound = "plugin", s.turns, faults.Bound(siegeLimits)
	r.After = string(s.host.Plugin("hostile").Status().State)
	r.Bytes = s.memory.grown()
	if r.Bytes > r.Bound {
		s.t.Errorf("the host's heap grew by %d bytes, want at most %d", r.Bytes, r.Bound)
	}
	calls, p99 := s.other.seen()
	r.Calls, r.P99 = calls, p99.Microseconds()
	s.close(s.host)
	s.nothingIsLeft()
	s.t.Logf("%d times, %d bytes, %d calls of the other plugin, p99 %s: %s", r.Times, r.Bytes, r.Calls, p99, r.Rule)
	writeRecord(s.t, r)
}

// twice is how often a row is played at least that ends the connection: the first crash is followed by backoff, the last by quarantine.
const twice = 2

func TestAHostWithstandsAPluginThatBreaksTheRulesOfFrames(t *testing.T) {
	for _, f := range faults.All(siegeLimits, siegeSeed) {
		t.Run(f.Name, func(t *testing.T) {
			spoken := m{"serializer": f.Serializer}
			if f.Survives() {
				s := besiege(t, f.Name, 1, spoken)
				s.goesOnUnharmed()
				s.lift(faults.Record{Fault: f.Name})
				return
			}
			s := besiege(t, f.Name, max(twice, f.Turns), spoken)
			rule := s.endsEachTime(func(turn int) string {
				if f.Closes {
					return itEnded
				}
				return f.Says(turn % f.Turns)
			})
			s.lift(faults.Record{Fault: f.Name, Rule: rule})
		})
	}
}
