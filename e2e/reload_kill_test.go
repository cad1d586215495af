//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// killed is an edition of a plugin that is killed all the time.
func killed(n int, mode, reload, address string) edition {
	return edition{version: fmt.Sprintf("1.0.%d", n), mode: mode, env: m{oddityapi.EnvPort: address},
		with: m{"restart": m{"max": 1000, "backoff": "10ms", "maxBackoff": "50ms"}, "reload": m{"mode": reload, "rollbackWindow": "500ms", "rollback": "stale"}}}
}

func TestQueriesAreAnsweredThoughProcessesAreKilledInTheMiddleOfReloads(t *testing.T) {
	for reload, mode := range map[string]string{"overlap": oddityapi.ModeKeeps, "handoff": oddityapi.ModePort, "restart": ""} {
		t.Run(reload, func(t *testing.T) {
			s := newSite(t)
			address := freeAddress(t)
			s.put(killed(0, mode, reload, address))
			h := s.open()
			p := h.Plugin("oddity")
			c := gather(t, 8, func(int, int) error { _, err := oddityapi.Who.Call(t.Context(), p, struct{}{}); return err })
			for n := range 15 {
				c.busy()
				s.put(killed(n+1, mode, reload, address))
				ended := make(chan struct{}) // closed when the reload has returned, whatever became of it
				go func() { defer close(ended); _ = p.Reload(context.Background()) }()
				s.killOne(n, time.Duration(n*4)*time.Millisecond)
				<-ended
			}
			until(t, 30*time.Second, "ready", func() bool { return p.Status().State == host.Ready })
			c.busy()
			c.leave()
			s.reload(p, killed(100, mode, reload, address))
			answers(t, p, "1.0.100")
			s.goesOn(h)
		})
	}
}

// killOne ends the nth, going round, of the oddity's processes, after a time.
func (s *site) killOne(n int, after time.Duration) {
	<-time.After(after)
	var all []int
	for _, p := range allProcesses() {
		if p.name == "oddity" && p.pid == p.group && s.started(p.pid) {
			all = append(all, p.pid)
		}
	}
	if len(all) > 0 {
		_ = syscall.Kill(all[n%len(all)], syscall.SIGKILL)
	}
}

// started reports whether a host of this site started a process.
func (s *site) started(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.groups, pid)
}
