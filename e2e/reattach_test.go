//go:build linux

package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
)

// dies ends the host as kill -9 does, and waits until that has happened.
func (st *stage) dies() {
	st.kill()
	<-st.done
}

// records are the records of kept instances.
func (s *site) records() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.state, "instances", "*.json"))
	mustDo(s.t, err)
	return found
}

func TestANewHostGoesOnWithTheProcessesOfOneThatWasKilled(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	s.crasher("", nil)
	pid := 0
	for round := int64(1); round <= 5; round++ {
		st := s.perform(play{Count: true})
		if pid == 0 {
			pid = st.cast.Plugins["counter"]
		}
		if st.cast.Count != round || st.cast.Plugins["counter"] != pid {
			t.Errorf("round %d: counted %d, process %d, it was %d", round, st.cast.Count, st.cast.Plugins["counter"], pid)
		}
		st.dies()
		until(t, time.Second, "gone: the plugin that ends with its host", func() bool { return !alive(st.cast.Plugins["crasher"]) })
		if !alive(pid) {
			t.Fatalf("round %d: process %d is gone", round, pid)
		}
	}
	h := s.openAsIs()
	if got := add(t, h); got != 6 || h.Plugin("counter").Status().PID != pid {
		t.Errorf("counted %d, %+v", got, h.Plugin("counter").Status())
	}
	s.close(h)
	if n := len(s.records()); n > 0 || alive(pid) {
		t.Errorf("%d records are left, it runs: %v", n, alive(pid))
	}
}

func TestADetachedProcessIsThereForTheNextHost(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	s.crasher("", nil)
	h := s.openAsIs()
	before, other := h.Plugin("counter").Status().PID, h.Plugin("crasher").Status().PID
	add(t, h)
	mustDo(t, h.Detach())
	if !alive(before) || alive(other) {
		t.Errorf("detached: the kept process runs %v, the other %v", alive(before), alive(other))
	}
	again := s.openAsIs()
	if got := add(t, again); got != 2 || again.Plugin("counter").Status().PID != before {
		t.Errorf("counted %d, %+v", got, again.Plugin("counter").Status())
	}
	s.close(again)
	s.nothingIsLeft()
}

func TestTheEndOfAProcessThatAnotherHostHasStartedIsSeen(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	st := s.perform(play{Count: true})
	st.dies()
	h := s.openAsIs()
	pid := h.Plugin("counter").Status().PID
	mustDo(t, syscall.Kill(pid, syscall.SIGKILL))
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("counter").Status().State == host.Failed })
	says(t, failure(t, h, "counter"), "it ended while it was serving: exit status unknown: another host started it")
}

func TestLinesThatWerePrintedWhileNoHostRanAreInTheLogOfTheNext(t *testing.T) {
	s := newSite(t)
	s.crasher("", keptFor("1h"))
	st := s.perform(play{})
	st.dies()
	for _, ending := range []string{"stdout", "stderr"} { // what the process would do
		files, err := filepath.Glob(filepath.Join(s.state, "instances", "*."+ending))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		f, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
		mustDo(t, err)
		fmt.Fprintln(f, "[WARN] printed to "+ending)
		f.Close()
	}
	s.openAsIs()
	for _, stream := range []string{"stdout", "stderr"} {
		until(t, 10*time.Second, "logged", func() bool { _, found := s.log.find("printed to " + stream); return found })
		if e := s.log.mustFind(t, "printed to "+stream); e.fields["stream"] != stream || e.fields["plugin"] != "crasher" || e.level != hclog.Warn {
			t.Errorf("logged %+v", e)
		}
	}
}

func TestTheTimeOutEndsAProcessWhoseHostWasKilled(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("500ms"))
	st := s.perform(play{})
	st.dies()
	until(t, 10*time.Second, "gone", func() bool { return !alive(st.cast.Plugins["counter"]) })
	h := s.openAsIs()
	if s := h.Plugin("counter").Status(); s.State != host.Ready || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

func TestARecordOfAProcessThatIsGoneIsRemoved(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	st := s.perform(play{Count: true})
	st.dies()
	mustDo(t, syscall.Kill(st.cast.Plugins["counter"], syscall.SIGKILL))
	until(t, 10*time.Second, "gone", func() bool { return !alive(st.cast.Plugins["counter"]) })
	before := s.records()
	h := s.openAsIs()
	if got, after := add(t, h), s.records(); got != 1 || len(after) != 1 || after[0] == before[0] {
		t.Errorf("counted %d, records %v, before %v", got, after, before)
	}
}

func TestAStrangerWithTheIDOfARecordLivesOn(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	st := s.perform(play{})
	st.dies()
	plugin, _ := stat(st.cast.Plugins["counter"])
	ended := func() bool { return !alive(st.cast.Plugins["counter"]) }
	mustDo(t, syscall.Kill(st.cast.Plugins["counter"], syscall.SIGKILL))
	until(t, 10*time.Second, "gone", ended)
	stranger := strangerAfter(t, plugin.start)
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	var record map[string]any
	text, err := os.ReadFile(s.records()[0])
	mustDo(t, err)
	mustDo(t, json.Unmarshal(text, &record))
	identity := record["process"].(map[string]any)
	identity["pid"] = stranger.Process.Pid // started is that of the process that is gone
	mustDo(t, os.WriteFile(s.records()[0], jsonOf(t, record), 0o600))
	h := s.openAsIs()
	if s := h.Plugin("counter").Status(); s.State != host.Ready || s.PID == stranger.Process.Pid {
		t.Errorf("%+v", s)
	}
	s.close(h)
	if !alive(stranger.Process.Pid) {
		t.Error("the stranger was killed")
	}
	_, _ = stranger.Process.Kill(), stranger.Wait()
}

// strangerAfter starts a process in a later tick of the system's clock than this one: no id comes round within a tick.
func strangerAfter(t *testing.T, tick int) *exec.Cmd {
	t.Helper()
	for {
		c := exec.Command("sleep", "600")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it leads a group, as a plugin does
		mustDo(t, c.Start())
		if p, _ := stat(c.Process.Pid); p.start > tick {
			return c
		}
		_, _ = c.Process.Kill(), c.Wait()
	}
}

func TestARecordWithoutAProcessHasItAskedToLeave(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	st := s.perform(play{Count: true})
	st.dies()
	var record map[string]any
	text, err := os.ReadFile(s.records()[0])
	mustDo(t, err)
	mustDo(t, json.Unmarshal(text, &record))
	record["process"] = map[string]any{} // as if the host had died in the moment of the start
	mustDo(t, os.WriteFile(s.records()[0], jsonOf(t, record), 0o600))
	h := s.openAsIs()
	if got := add(t, h); got != 1 || alive(st.cast.Plugins["counter"]) {
		t.Errorf("counted %d; the first process runs: %v", got, alive(st.cast.Plugins["counter"]))
	}
}

func TestASecondHostOnAStateFolderIsToldWhoHasIt(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", nil)
	st := s.perform(play{})
	_, err := host.Open(t.Context(), s.config())
	says(t, err, fmt.Sprintf("state folder %s is in use by another host, process %d: close that one", s.state, st.cmd.Process.Pid))
	st.goes(st.kill)
	<-st.done
	s.goesOn(s.openAsIs())
}
