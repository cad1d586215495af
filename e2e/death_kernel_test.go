//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
)

// What a plugin without a Stop hook cannot prevent, whatever state it is in: its host's death makes the kernel end its process group.

func TestWhenItsHostIsKilledAPluginWhoseRuntimeStandsStillIsGone(t *testing.T) {
	s := newSite(t)
	s.oddity("", m{"env": m{"set": m{oddityapi.EnvMode: oddityapi.ModeNoStop, "GODEBUG": "asyncpreemptoff=1"}}})
	st := s.perform(play{Freeze: true})
	st.goes(st.kill)
}

func TestWhenItsHostIsKilledTheChildOfAPluginThatExitsByItselfIsGone(t *testing.T) {
	for round := range 8 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			s := newSite(t)
			s.oddity(oddityapi.ModeNoStop, nil)
			st := s.perform(play{Orphan: true})
			st.hasChild("oddity", "sleep")
			st.goes(st.kill)
		})
	}
}

// hasChild waits until a plugin has a child with that name in its process group.
func (st *stage) hasChild(plugin, name string) {
	st.t.Helper()
	group := st.cast.Plugins[plugin]
	until(st.t, 10*time.Second, name+" in the group of "+plugin, func() bool {
		return slices.ContainsFunc(allProcesses(), func(p procStat) bool { return p.group == group && p.name == name })
	})
}
