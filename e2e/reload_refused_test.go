//go:build linux

package e2e_test

import (
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// badEditions do not take over, and the error says why.
var badEditions = map[string]struct {
	edition
	says []string
}{
	"that crashes at start": {edition{binary: "crasher", env: m{"CRASHER_START": "exit", "CRASHER_CODE": "7", "CRASHER_STDERR": "out of cheese"}},
		[]string{"exit status 7", "out of cheese"}},
	"that hangs in its handshake": {edition{binary: "crasher", env: m{"CRASHER_START": "silent"}, with: m{"timeouts": m{"start": "500ms"}}},
		[]string{"it has not answered the handshake", "not ready within 500ms (timeouts.start)"}},
	"that hangs before it": {edition{binary: "crasher", env: m{"CRASHER_START": "hang"}, with: m{"timeouts": m{"start": "500ms"}}},
		[]string{"not ready within 500ms (timeouts.start)"}},
	"that refuses its host": {edition{binary: "crasher", env: m{"CRASHER_START": "refuse"}},
		[]string{"crasher refuses every host"}},
	"that refuses the serializer": {edition{mode: oddityapi.ModeJSON},
		[]string{"serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer"}},
	"that speaks another protocol": {edition{mode: oddityapi.ModeFuture},
		[]string{"protocol mismatch"}},
	"that drops a message": {edition{binary: "counter"},
		[]string{"it does not answer all that 1.0.0 answers", "is used here and not handled there"}},
	"that changes a message": {edition{mode: oddityapi.ModeNarrow},
		[]string{"it does not answer all that 1.0.0 answers", `"oddity.whole"`}},
	"whose Start hook fails": {edition{mode: oddityapi.ModeNoStart},
		[]string{"its Start hook: the printer is out of paper"}},
	"whose Configure hook fails": {edition{mode: oddityapi.ModePicky},
		[]string{"its Configure hook: not like that"}},
	"whose entry is missing": {edition{binary: "handyman", with: m{"entry": "nothing"}},
		[]string{"nothing"}},
}

func TestAVersionIsRefusedAndTheOldProcessGoesOn(t *testing.T) {
	for name, bad := range badEditions {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.put(edition{version: "1.0.0"})
			h := s.open()
			p := h.Plugin("oddity")
			count(t, p, 5)
			before := who(t, p)
			bad.version = "1.1.0"
			s.put(bad.edition)
			err := p.Reload(t.Context())
			says(t, err, append(bad.says, "reload oddity: ")...)
			if after := answers(t, p, "1.0.0"); after != before {
				t.Errorf("%+v answers, want %+v", after, before)
			}
			if st := p.Status(); st.State != host.Ready || !strings.Contains(st.Error, bad.says[0]) {
				t.Errorf("status %+v", st)
			}
			s.reload(p, edition{version: "1.2.0"})
			answers(t, p, "1.2.0")
			s.goesOn(h)
		})
	}
}

// count adds 1 so many times.
func count(t *testing.T, p *host.Plugin, times int64) {
	t.Helper()
	for range times {
		if _, err := oddityapi.Add.Call(t.Context(), p, number{N: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAVersionThatBreaksAtItsFirstCallIsRolledBackToTheSameProcess(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	h := s.open()
	p := h.Plugin("oddity")
	count(t, p, 41)
	before := who(t, p)
	s.reload(p, edition{version: "1.1.0", mode: oddityapi.ModeBrittle})
	if after := answers(t, p, "1.0.0"); after != before {
		t.Errorf("a Query was answered by %+v, want %+v", after, before)
	}
	says(t, errors.New(p.Status().Reason), "rolled back to 1.0.0: 1.1.0 broke on probation", "exit status 3")
	says(t, errors.New(p.Status().Error), "it broke")

	if err := p.Reload(t.Context()); err != nil { // a person tries it again
		t.Fatal(err)
	}
	_, err := oddityapi.Add.Call(t.Context(), p, number{N: 1})
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
		t.Errorf("a Method: %v, delivered %s", err, rpc.Delivered(err))
	}
	count(t, p, 1)
	if after := answers(t, p, "1.0.0"); after.PID != before.PID || after.Count != 42 {
		t.Errorf("%+v answers, want the process of %+v and its memory", after, before)
	}
	s.goesOn(h)
}

func TestAParkedProcessThatIsStoppedIsReplacedByItsCopy(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"timeouts": m{"start": "5s", "stop": "200ms"}}})
	h := s.open()
	p := h.Plugin("oddity")
	before := who(t, p)
	s.reload(p, edition{version: "1.1.0", mode: oddityapi.ModeBrittle})
	stopParked(t, before.PID)
	if after := answers(t, p, "1.0.0"); after.PID == before.PID {
		t.Errorf("the stopped process %d answers", after.PID)
	}
	isGone(t, before.PID)
	if _, ok := s.log.find("the parked instance does not come back"); !ok {
		t.Error("the log does not say why it is another process")
	}
	s.goesOn(h)
}

// stopParked stops a process as soon as its connection has ended.
func stopParked(t *testing.T, pid int) {
	t.Helper()
	until(t, 30*time.Second, "parked", func() bool { return connections(pid) == 0 })
	mustDo(t, syscall.Kill(pid, syscall.SIGSTOP))
	until(t, 30*time.Second, "stopped", func() bool { p, _ := stat(pid); return p.state == "T" })
}

func TestSettingsReachTheConfigureHookAtStartAndAfterAReload(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"config": m{"default": m{"a": 1, "b": 2}}}})
	h := s.open(func(c *host.Config) {
		c.Plugins = map[string]host.Settings{"oddity": {Config: json.RawMessage(`{"b": 3}`)}}
	})
	p := h.Plugin("oddity")
	if got := who(t, p).Config; got != `{"a":1,"b":3}` {
		t.Errorf("it was configured with %s", got)
	}
	s.reload(p, edition{version: "1.1.0", with: m{"config": m{"default": m{"c": 4}}}})
	if got := who(t, p).Config; got != `{"b":3,"c":4}` {
		t.Errorf("after the reload it was configured with %s", got)
	}
	s.goesOn(h)
}
