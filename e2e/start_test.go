//go:build linux

package e2e_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// short is a start time-out for plugins that never get ready.
const short = "1500ms"

func TestAPluginThatDoesNotStartSaysWhyAndTheOthersRun(t *testing.T) {
	tests := map[string]struct {
		install func(*site)
		says    []string
	}{
		"exits at once": {crashes("exit", m{"CRASHER_CODE": "3", "CRASHER_STDERR": "out of cheese"}),
			[]string{"ended before it was ready", "exit status 3", "out of cheese"}},
		"exits at once with 0":        {crashes("exit", m{"CRASHER_CODE": "0"}), []string{"ended before it was ready", "exit status 0", "nothing to stderr"}},
		"panics at once":              {crashes("panic", nil), []string{"exit status 2", "asked to panic at start", "goroutine 1"}},
		"is killed at once":           {odd("kill"), []string{"ended before it was ready", "killed by SIGKILL"}},
		"hangs before it accepts":     {crashes("hang", nil), []string{"handshake", "not ready within 1.5s (timeouts.start)"}},
		"closes its listener":         {crashes("close-listener", nil), []string{"handshake"}},
		"accepts and never answers":   {crashes("silent", nil), []string{"handshake", "not ready within 1.5s (timeouts.start)"}},
		"accepts and hangs up":        {crashes("hang-up", nil), []string{"it ended before it was ready: exit status 0"}},
		"speaks garbage":              {crashes("garbage", nil), []string{"handshake", "expected a handshake line of JSON, found"}},
		"speaks one endless line":     {crashes("endless", nil), []string{"the handshake line is over the limit of 1048576 bytes"}},
		"stops in the middle":         {crashes("half-line", nil), []string{"handshake", "not ready within 1.5s"}},
		"speaks byte by byte":         {crashes("trickle", nil), []string{"handshake", "not ready within 1.5s"}},
		"refuses":                     {crashes("refuse", nil), []string{"handshake", "crasher refuses every host"}},
		"does not know the secret":    {crashes("wrong-answer", nil), []string{"wrong secret", "not the process that was started"}},
		"picks another version":       {odd("version"), []string{"picked protocol 7", "offered [1]", "rebuild the plugin"}},
		"speaks only a later version": {odd("future"), []string{"protocol mismatch", "plugin speaks 7", "upgrade the host"}},
		"is somebody else":            {odd("identity"), []string{"somebody-else 9.9.9", "oddity 1.0.0", "plugin.json", "one version"}},
		"has another serializer":      {odd("json"), []string{"exit status 78", "serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer"}},
		"calls what nobody handles":   {odd("uses"), []string{"host.makeCoffee", "not handled"}},
		"has a Start hook that fails": {odd("no-start"), []string{"Start hook", "the printer is out of paper"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			test.install(s)
			h := s.open()
			failed := h.Failed()
			if len(failed) != 1 {
				t.Fatalf("%d plugins failed, want one: %v", len(failed), failed)
			}
			says(t, failed[0].Err, test.says...)
			s.goesOn(h)
			_, err := counterGet.Call(t.Context(), h.Plugin(failed[0].Plugin), struct{}{})
			says(t, err, test.says...)
			if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered {
				t.Errorf("a call to it: %v, delivered %s; want Unavailable, not delivered", rpc.CodeOf(err), rpc.Delivered(err))
			}
		})
	}
}

// crashes installs the crasher with a way to start, and variables.
func crashes(start string, env m) func(*site) {
	return func(s *site) {
		set := m{"CRASHER_START": start}
		for k, v := range env {
			set[k] = v
		}
		s.install("crasher", "crasher", m{"env": m{"set": set}, "timeouts": m{"start": short}})
	}
}

func odd(mode string) func(*site) {
	return func(s *site) { s.oddity(mode, m{"timeouts": m{"start": "10s"}}) }
}

func TestACrashReportHasCodeAndTheLast50LinesOfStderr(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	p := h.Plugin("crasher")
	if _, err := crasherFlood.Call(t.Context(), p, floodRequest{Stream: "stderr", Flavour: "lines", Bytes: 4000}); err != nil {
		t.Fatal(err)
	}
	_, err := crasherExit.Call(t.Context(), p, exitRequest{Code: 7, Stderr: "the last word"})
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
		t.Errorf("the call that ended it: %v, delivered %s; want Unavailable, perhaps delivered", err, rpc.Delivered(err))
	}
	says(t, err, `plugin "crasher" 1.0.0`, "exit status 7")
	until(t, 10*time.Second, "failed", func() bool { return p.Status().State == host.Failed })
	var report *host.CrashReport
	if err := failure(t, h, "crasher"); !errors.As(err, &report) {
		t.Fatalf("%T: %v, want a *host.CrashReport", err, err)
	}
	if n := len(report.Stderr); n != 50 || report.Stderr[n-1] != "the last word" || report.Code != 7 {
		t.Errorf("%d lines of stderr, the last %q, code %d", n, report.Stderr[max(n-1, 0):], report.Code)
	}
	says(t, report, "it ended while it was serving: exit status 7", "the last word")
	s.goesOn(h)
}

func TestAnEndBySignalIsNamed(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	p := h.Plugin("crasher")
	_, err := crasherSignal.Call(t.Context(), p, signalRequest{Signal: 9})
	says(t, err, `plugin "crasher" 1.0.0`, "killed by SIGKILL")
	until(t, 10*time.Second, "failed", func() bool { return p.Status().State == host.Failed })
	says(t, failure(t, h, "crasher"), "it ended while it was serving: killed by SIGKILL")
	s.goesOn(h)
}

func TestAPluginThatBreaksTheProtocolWhileItServesIsEndedAndTheOthersRun(t *testing.T) {
	for start, parts := range map[string][]string{
		"bad-frame":  {"while it was serving"},
		"huge-frame": {"frame", "over the limit of 16777216 bytes"},
	} {
		t.Run(start, func(t *testing.T) {
			s := newSite(t)
			s.crasher(start, nil)
			h := s.open()
			until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
			says(t, failure(t, h, "crasher"), append(parts, "the host ended it")...)
			s.goesOn(h)
		})
	}
}

func TestAPluginThatAnswersNothingCostsItsCallersTheirDeadline(t *testing.T) {
	s := newSite(t)
	s.crasher("mute", m{"timeouts": m{"call": "300ms", "stop": "200ms"}})
	h := s.open()
	start := time.Now()
	_, err := crasherSleep.Call(t.Context(), h.Plugin("crasher"), sleepRequest{})
	if !errors.Is(err, rpc.Timeout) || time.Since(start) > 3*time.Second {
		t.Errorf("after %s: %v; want Timeout after 300ms", time.Since(start), err)
	}
	says(t, err, "crasher.sleep", "300ms")
	s.goesOn(h)
}
