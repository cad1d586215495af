//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
)

// company installs three plugins.
func (s *site) company() {
	s.t.Helper()
	s.crasher("", nil)
	s.oddity("", nil)
	s.install("counter", "counter", nil)
}

func TestWhenItsHostIsKilledAPluginAndItsGrandchildAreGone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{Grandchild: true})
	st.goes(st.kill)
}

func TestWhenItsHostIsKilledAPluginThatIgnoresSignalsIsGone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{Grandchild: true, Ignore: true})
	st.goes(st.kill)
}

func TestWhenItsHostIsKilledAStoppedPluginIsGone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{Grandchild: true})
	for _, pid := range st.processes() {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		until(t, 5*time.Second, "stopped", func() bool { p, _ := stat(pid); return p.state == "T" })
	}
	st.goes(st.kill)
}

func TestWhenItsHostIsKilledAPluginWithWedgedHandlersIsGone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{Wedge: true})
	st.goes(st.kill)
}

func TestWhenItsHostIsKilledWhileItHandshakesAPluginIsGone(t *testing.T) {
	for _, start := range []string{"hang", "silent", "mute"} {
		t.Run(start, func(t *testing.T) {
			s := newSite(t)
			s.crasher(start, m{"timeouts": m{"start": "60s"}})
			st := s.performUnready()
			st.goes(st.kill)
		})
	}
}

// performUnready starts a host whose crasher does not get ready, and waits for the crasher's process.
func (s *site) performUnready() *stage {
	s.t.Helper()
	st := s.begin(play{})
	until(s.t, 20*time.Second, "a crasher that runs", func() bool {
		for _, p := range allProcesses() {
			if p.parent == st.cmd.Process.Pid && p.name == "crasher" && p.group == p.pid && armed(p.pid) {
				st.cast.Plugins = map[string]int{"crasher": p.pid}
				return true
			}
		}
		return false
	})
	s.groups = append(s.groups, st.processes()...)
	return st
}

// armed reports whether the kernel acts on a process's lifeline: O_ASYNC is the last that the host sets on it.
func armed(pid int) bool {
	info, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "fdinfo", "4"))
	if err != nil {
		return false
	}
	_, flags, _ := strings.Cut(string(info), "flags:")
	flags, _, _ = strings.Cut(strings.TrimSpace(flags), "\n")
	bits, err := strconv.ParseUint(flags, 8, 64)
	return err == nil && bits&syscall.O_ASYNC != 0
}

func TestWhenItsHostExitsWithoutCloseAPluginIsGone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{Grandchild: true})
	st.goes(func() { _, _ = st.stdin.Write([]byte("\n")) })
	<-st.done
	if code := st.cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("the host exited with %d, want 3", code)
	}
}

func TestWhenItsHostIsKilledAPluginRunsItsStopHookAlsoDuringACall(t *testing.T) {
	s := newSite(t)
	trace := filepath.Join(t.TempDir(), "stopped")
	s.crasher("", nil)
	s.oddity("", m{"env": m{"set": m{"ODDITY_STOP_FILE": trace}}})
	st := s.perform(play{Slow: true})
	st.goes(st.kill)
	if text, err := os.ReadFile(trace); err != nil || string(text) != "stopped" {
		t.Errorf("the Stop hook wrote %q, %v", text, err)
	}
}

func TestWhenItsHostIsKilledAStopHookThatHangsDoesNotHelp(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	s.oddity("stop-hang", nil)
	st := s.perform(play{Slow: true})
	st.goes(st.kill)
}

func TestTheRuntimeFolderOfAKilledHostIsRemovedByTheNextOne(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{})
	st.goes(st.kill)
	<-st.done
	left, err := os.ReadDir(s.runtime)
	if err != nil || len(left) != 1 {
		t.Fatalf("a killed host left %v, %v; want its folder", left, err)
	}
	s.age(left[0].Name())
	h := s.openAsIs()
	if _, err := os.Stat(filepath.Join(s.runtime, left[0].Name())); !os.IsNotExist(err) {
		t.Errorf("the folder of the killed host is still there: %v", err)
	}
	s.goesOn(h)
	s.close(h)
	if left, _ := os.ReadDir(s.runtime); len(left) > 0 {
		t.Errorf("the runtime folder still has %v", left)
	}
}

// age makes a runtime folder older than the minute for which every one of them is left alone.
func (s *site) age(name string) {
	s.t.Helper()
	old := time.Now().Add(-time.Hour)
	mustDo(s.t, os.Chtimes(filepath.Join(s.runtime, name), old, old))
}

func TestTheNextHostLeavesTheFolderOfALivingOneAlone(t *testing.T) {
	s := newSite(t)
	s.company()
	st := s.perform(play{})
	living, err := os.ReadDir(s.runtime)
	if err != nil || len(living) != 1 {
		t.Fatalf("the first host has %v, %v; want one folder", living, err)
	}
	s.age(living[0].Name())
	h := s.openAsIs(func(c *host.Config) { c.StateDir = t.TempDir() })
	s.goesOn(h)
	if folders, _ := os.ReadDir(s.runtime); len(folders) != 2 {
		t.Errorf("runtime folders %v, want one for each host", folders)
	}
	s.close(h)
	if folders, _ := os.ReadDir(s.runtime); len(folders) != 1 {
		t.Errorf("runtime folders %v, want that of the host that lives", folders)
	}
	st.goes(st.kill)
}
