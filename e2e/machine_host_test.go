//go:build linux

package e2e_test

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// running are the processes that run a copy of this site's.
func (s *site) running() (pids []int) {
	for _, p := range allProcesses() {
		exe, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "exe"))
		if strings.HasPrefix(exe, s.state) && p.state != "Z" && p.state != "X" {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// A moment is when a host is killed or stopped: in a hook of its plugin, or when that comes into a state for the nth time.
type moment struct {
	name   string
	hook   string // of the old process if old, else of the new one; empty: by state
	old    bool
	mode   string
	reload string
	state  host.State
	nth    int
	orders []string // after Open
	keeps  bool     // only of plugins that outlive their host
}

// moments are those of all that a host does with a plugin.
var moments = []moment{
	{name: "in a launch", hook: "launch", old: true},
	{name: "in the Start hook", hook: "start", old: true},
	{name: "in the Restore hook of a reload", hook: "restore", mode: oddityapi.ModeKeeps, reload: "overlap", orders: []string{"reload"}},
	{name: "in the Snapshot hook of a reload", hook: "snapshot", old: true, mode: oddityapi.ModeKeeps, reload: "overlap", orders: []string{"reload"}},
	{name: "in the Release hook of a handoff", hook: "release", old: true, mode: oddityapi.ModePort, reload: "handoff", orders: []string{"reload"}},
	{name: "right after the swap of a reload", state: host.Ready, nth: 2, mode: oddityapi.ModeKeeps, reload: "overlap", orders: []string{"reload"}},
	{name: "in the Stop hook of Close", hook: "stop", old: true, orders: []string{"close"}},
	{name: "while it disconnects", state: host.Disconnected, nth: 1, orders: []string{"disconnect"}, keeps: true},
	{name: "while it reconnects", state: host.Ready, nth: 2, orders: []string{"disconnect", "reconnect"}, keeps: true},
	{name: "while it detaches", state: host.Stopped, nth: 1, orders: []string{"detach"}, keeps: true},
}

// plays has a host do what leads to the moment.
func (mo moment) plays(t *testing.T, s *site, signal string, keeps bool) (stage *stage, address string) {
	t.Helper()
	st := step{hook: mo.hook, mode: mo.mode, reload: mo.reload, old: mo.old}
	if st.reload == "" {
		st.reload = "overlap"
	}
	before, next := st.editions(t, mo.hook+" "+signal+" host")
	address = before.env[oddityapi.EnvPort].(string)
	for _, e := range []edition{before, next} {
		if keeps {
			e.with["disconnect"] = m{"mode": "keep-alive", "timeout": "1h"}
		}
	}
	s.put(before)
	p := play{DieIn: string(mo.state), DieAt: mo.nth}
	stage = s.begin(p)
	if signal == "stop" {
		var waking sync.WaitGroup
		waking.Go(stage.goesOnOnceStopped)
		defer waking.Wait()
	}
	lines := bufio.NewReader(stage.stdout)
	for _, order := range append([]string{""}, mo.orders...) {
		if order == "reload" {
			s.put(next)
		}
		if order != "" {
			_, _ = stage.stdin.Write([]byte(order + "\n"))
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return stage, address // it is dead
		}
		var c cast
		if mustDo(t, json.Unmarshal(line, &c)); c.Err != "" {
			t.Errorf("the host has done %q: %s", order, c.Err)
		}
	}
	return stage, address
}

func TestTheNextHostWithstandsThatTheLastOneWasKilledInTheMiddleOfAnything(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		for _, mo := range moments {
			if mo.keeps && !keeps {
				continue
			}
			kind := map[bool]string{true: ", whose plugin is kept", false: ""}[keeps]
			incident(t, "the host is killed "+mo.name+kind, func(t *testing.T, s *site, r *faults.Record) {
				stage, address := mo.plays(t, s, "kill", keeps)
				within(t, 20*time.Second, "the host's end", func() { <-stage.done })
				if !keeps {
					until(t, 10*time.Second, "gone with its host", func() bool { return len(s.running()) == 0 })
				}
				left := len(s.running())
				var h *host.Host
				timed(t, r, 20*time.Second, "Open", func() { h = s.openAsIs() })
				p := h.Plugin("oddity")
				who(t, p)
				if mo.mode == oddityapi.ModePort {
					mustDo(t, dials(address))
				}
				r.Rule, r.After = p.Status().Reason, strconv.Itoa(left)+" left"
				until(t, 10*time.Second, "one process", func() bool { return len(s.running()) == 1 || p.Status().State != host.Ready })
				s.close(h)
				until(t, 10*time.Second, "nothing that runs", func() bool { return len(s.running()) == 0 })
				if n := len(s.records()); n > 0 {
					t.Errorf("%d records are left", n)
				}
			})
		}
	}
}

// dials reports whether somebody listens at an address.
func dials(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// goesOnOnceStopped waits until the host is stopped, and has it go on.
func (st *stage) goesOnOnceStopped() {
	pid := st.cmd.Process.Pid
	if !eventually(10*time.Second, func() bool { p, _ := stat(pid); return p.state == "T" }) {
		st.t.Error("the host was not stopped")
	}
	<-time.After(500 * time.Millisecond) // as long as it stays stopped
	_ = syscall.Kill(pid, syscall.SIGCONT)
}

func TestAHostWithstandsThatItIsStoppedForAWhile(t *testing.T) {
	for _, mo := range moments[:5] {
		incident(t, "the host is stopped for 500ms "+mo.name, func(t *testing.T, s *site, r *faults.Record) {
			begun := time.Now()
			stage, _ := mo.plays(t, s, "stop", false)
			r.Took = time.Since(begun).Milliseconds()
			lines := bufio.NewReader(stage.stdout)
			_, _ = stage.stdin.Write([]byte("call\nclose\n"))
			for range 2 {
				var c cast
				line, err := lines.ReadBytes('\n')
				if err != nil || json.Unmarshal(line, &c) != nil || c.Err != "" {
					t.Errorf("afterwards: %v, %q", err, c.Err)
				}
			}
			r.After = "goes on"
			if left := s.running(); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
		})
	}
}
