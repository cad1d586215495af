//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

func TestACountIsKeptAcrossReloadsWhileManyAddToIt(t *testing.T) {
	s := newSite(t)
	s.put(edition{name: "counter", version: "1.0.0"})
	p := s.openAsIs().Plugin("counter")
	c := gather(t, 8, func(_, n int) error {
		_, added := counterAdd.Call(t.Context(), p, delta{By: 1})
		return errors.Join(added, counterBump.Send(t.Context(), p, delta{By: 1000_000}))
	})
	for n := range 10 {
		c.busy()
		s.reload(p, edition{name: "counter", version: fmt.Sprintf("1.0.%d", n+1)})
	}
	want := c.leave() * 1000_001
	if !eventually(30*time.Second, func() bool { got, _ := counterGet.Call(t.Context(), p, struct{}{}); return got.Value == want }) {
		got, err := counterGet.Call(t.Context(), p, struct{}{})
		t.Errorf("the count is %d, %v; added were %d", got.Value, err, want)
	}
}

// handoff is of a plugin that owns the port of an address.
func handoff(version, mode, address string) edition {
	return edition{version: version, mode: mode, env: m{oddityapi.EnvPort: address}, with: m{"reload": m{"mode": "handoff"}}}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	defer l.Close()
	return l.Addr().String()
}

// counting adds 1 to the oddity's count again and again.
func counting(t *testing.T, p *host.Plugin) *crowd {
	return gather(t, 8, func(int, int) error {
		_, err := oddityapi.Add.Call(t.Context(), p, number{N: 1})
		return err
	})
}

func TestAPortAndACountAreHandedOverWhileManyCall(t *testing.T) {
	s := newSite(t)
	address := freeAddress(t)
	s.put(handoff("1.0.0", oddityapi.ModePort, address))
	h := s.open()
	p := h.Plugin("oddity")
	c := counting(t, p)
	for n := range 10 {
		c.busy()
		version := fmt.Sprintf("1.0.%d", n+1)
		s.reload(p, handoff(version, oddityapi.ModePort, address))
		answers(t, p, version)
		listens(t, address)
	}
	if added := c.leave(); who(t, p).Count != added {
		t.Errorf("%+v answers, added were %d", who(t, p), added)
	}
	s.goesOn(h)
}

// listens fails the test unless somebody has the port.
func listens(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Errorf("nobody has the port: %v", err)
		return
	}
	c.Close()
}

func TestAPortGoesBackIfItsNextOwnerDoesNotComeUp(t *testing.T) {
	for name, bad := range map[string]struct {
		mode, address, says string
	}{
		"its Start hook fails":   {oddityapi.ModePort, "127.0.0.1:-1", "its Start hook: listen tcp"},
		"its Restore hook fails": {oddityapi.ModeNoRestore, "", "its Restore hook: it cannot read that"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			address := freeAddress(t)
			s.put(handoff("1.0.0", oddityapi.ModePort, address))
			h := s.open()
			p := h.Plugin("oddity")
			before := who(t, p)
			c := counting(t, p)
			c.busy()
			s.put(handoff("1.1.0", bad.mode, bad.address))
			says(t, p.Reload(t.Context()), bad.says)
			c.busy()
			added := c.leave()
			if after := answers(t, p, "1.0.0"); after.PID != before.PID || after.Count != added {
				t.Errorf("%+v answers, want process %d and the count %d", after, before.PID, added)
			}
			listens(t, address)
			s.reload(p, handoff("1.2.0", oddityapi.ModePort, address))
			listens(t, address)
			s.goesOn(h)
		})
	}
}

func TestAPluginThatDoesNotGiveUpItsPortIsNotReplaced(t *testing.T) {
	s := newSite(t)
	address := freeAddress(t)
	s.put(handoff("1.0.0", oddityapi.ModePortStuck, address))
	h := s.open()
	p := h.Plugin("oddity")
	before := who(t, p)
	s.put(handoff("1.1.0", oddityapi.ModePort, address))
	says(t, p.Reload(t.Context()), "1.0.0: its Release hook: the port is stuck")
	if after := answers(t, p, "1.0.0"); after != before {
		t.Errorf("%+v answers, want %+v", after, before)
	}
	listens(t, address)
	s.goesOn(h)
}

func TestCallsWaitWhileAPluginIsRestartedForAReload(t *testing.T) {
	s := newSite(t)
	restart := func(version string) edition {
		return edition{version: version, with: m{"reload": m{"mode": "restart"}}}
	}
	s.put(restart("1.0.0"))
	h := s.open()
	p := h.Plugin("oddity")
	c := gather(t, 8, func(_, n int) error {
		_, method := oddityapi.Add.Call(t.Context(), p, number{N: 1})
		items, stream := read(oddityapi.Count.Open(t.Context(), p, number{N: 20}))
		if len(items) != 20 {
			stream = errors.Join(stream, fmt.Errorf("%d items of 20", len(items)))
		}
		return errors.Join(method, stream)
	})
	for n := range 5 {
		c.busy()
		before := who(t, p).PID
		version := fmt.Sprintf("1.0.%d", n+1)
		s.reload(p, restart(version))
		answers(t, p, version)
		if alive(before) {
			t.Errorf("process %d runs beside its successor", before)
		}
	}
	c.leave()
	s.goesOn(h)
}

func TestAVersionThatDoesNotStartInsteadOfTheOldOneIsFollowedByIt(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	h := s.open()
	p := h.Plugin("oddity")
	before := who(t, p)
	c := counting(t, p)
	c.busy()
	s.put(edition{version: "1.1.0", mode: oddityapi.ModeNoStart, with: m{"reload": m{"mode": "restart"}}})
	says(t, p.Reload(t.Context()), "the printer is out of paper")
	c.busy()
	c.leave()
	if after := answers(t, p, "1.0.0"); after.PID == before.PID {
		t.Errorf("%+v answers: it was stopped for its successor", after)
	}
	if !strings.Contains(p.Status().Reason, "rolled back to 1.0.0: the new version was refused") {
		t.Errorf("status %+v", p.Status())
	}
	s.goesOn(h)
}
