//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAHostWithstandsAPluginThatBreaksTheRulesOfTheHandshake(t *testing.T) {
	for _, g := range faults.Greetings() {
		t.Run(g.Name, func(t *testing.T) {
			if len(g.Ends) == 0 {
				s := besiege(t, g.Name, 1, nil)
				s.goesOnUnharmed()
				s.lift(faults.Record{Fault: g.Name})
				return
			}
			with := m{}
			if g.Slow {
				with["timeouts"] = m{"start": short}
			}
			s := besiege(t, g.Name, max(twice, g.Turns), with)
			rule := s.endsEachTime(func(turn int) string { return g.Ends[turn%len(g.Ends)] })
			s.lift(faults.Record{Fault: g.Name, Rule: rule})
		})
	}
}

func TestAHostWithstandsWhatAPluginPrints(t *testing.T) {
	for _, o := range faults.Outputs {
		t.Run(o.Name, func(t *testing.T) {
			s := besiege(t, o.Name, 1, nil)
			s.goesOnUnharmed()
			for _, part := range o.Logs {
				s.log.await(t, part)
			}
			s.lift(faults.Record{Fault: o.Name})
		})
	}
}

// TestAHostWithstandsAPluginThatReadsNothing: such a plugin breaks no rule but that of its health checks.
func TestAHostWithstandsAPluginThatReadsNothing(t *testing.T) {
	for _, d := range faults.Deaf {
		t.Run(d.Name, func(t *testing.T) {
			s := besiege(t, d.Name, twice, m{"health": m{"interval": "300ms", "misses": 2}, "timeouts": m{"call": "500ms"}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			callers := gather(t, 8, func(int, int) error {
				_, err := faults.Asked.Call(ctx, s.host.Plugin("hostile"), make([]byte, 100_000))
				if !errors.Is(err, rpc.Timeout) && !errors.Is(err, rpc.Unavailable) {
					return fmt.Errorf("a call to a plugin that does not read: %v, want Timeout or Unavailable", err)
				}
				return nil
			})
			rule := s.endsEachTime(func(int) string { return "it missed 2 health checks in a row (health.misses)" })
			callers.leave()
			s.lift(faults.Record{Fault: d.Name, Rule: rule})
		})
	}
}

// TestAPluginThatIsAHostHandsDownNothing: its own start-up data does not reach the plugins of its own host.
func TestAPluginThatIsAHostHandsDownNothing(t *testing.T) {
	t.Setenv(wire.StartupEnv, "fd:4") // as in a host that somebody started as a plugin
	s := newSite(t)
	s.install("outer", "victim", m{"env": m{"set": m{faults.EnvInner: s.inner()}}})
	h := s.open(func(c *host.Config) { c.Env = []string{wire.StartupEnv, wire.DescribeEnv} })
	n, err := faults.Inner.Call(t.Context(), h.Plugin("outer"), struct{}{})
	if err != nil || n != 2 {
		t.Errorf("the inner plugin answers %d, %v; want 2", n, err)
	}
	s.goesOn(h)
	s.close(h)
	s.nothingIsLeft()
	writeRecord(t, faults.Record{Side: "plugin", Fault: "start-up data of an outer plugin, in the environment of a host", Times: 1, After: string(host.Ready), Bytes: -1})
}

// inner is a plugins folder for a host inside of a plugin, with a counter in it.
func (s *site) inner() string {
	s.t.Helper()
	outer := s.plugins
	s.plugins = s.t.TempDir()
	defer func() { s.plugins = outer }()
	s.install("counter", "counter", nil)
	mustDo(s.t, os.Chmod(s.plugins, 0o755))
	return s.plugins
}
