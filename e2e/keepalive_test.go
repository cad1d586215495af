//go:build linux

package e2e_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// keptFor is a piece of a manifest: the plugin outlives its host.
func keptFor(timeout string) m {
	return m{"disconnect": m{"mode": "keep-alive", "timeout": timeout}}
}

// add counts one further, and returns the sum.
func add(t *testing.T, h *host.Host) int64 {
	t.Helper()
	sum, err := counterAdd.Call(t.Context(), h.Plugin("counter"), delta{By: 1})
	if err != nil {
		t.Errorf("count: %v", err)
	}
	return sum.Value
}

func TestADisconnectedProcessKeepsItsMemory(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	h := s.openAsIs()
	p := h.Plugin("counter")
	pid := p.Status().PID
	for round := int64(1); round <= 5; round++ {
		if got := add(t, h); got != round {
			t.Errorf("counted %d, want %d", got, round)
		}
		mustDo(t, p.Disconnect(t.Context()))
		if _, err := counterGet.Call(t.Context(), p, struct{}{}); !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("a call while it is disconnected: %v", err)
		}
		if !alive(pid) {
			t.Fatalf("round %d: the process is gone", round)
		}
		mustDo(t, p.Reconnect(t.Context()))
	}
	if got := p.Status().PID; got != pid {
		t.Errorf("process %d, it was %d", got, pid)
	}
	s.close(h)
	s.nothingIsLeft()
}

func TestAKeptProcessIsTiedToNoHost(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("1h"))
	h := s.openAsIs()
	pid := h.Plugin("counter").Status().PID
	p, _ := stat(pid)
	if p.session != pid || p.group != pid {
		t.Errorf("session %d and group %d, want its own, %d", p.session, p.group, pid)
	}
	if armed(pid) {
		t.Error("the kernel would end it with its host")
	}
}

func TestTheTimeOutEndsADisconnectedProcess(t *testing.T) {
	s := newSite(t)
	s.install("counter", "counter", keptFor("300ms"))
	h := s.openAsIs()
	p := h.Plugin("counter")
	mustDo(t, p.Disconnect(t.Context()))
	until(t, 10*time.Second, "stopped", func() bool { return p.Status().State == host.Stopped })
	if d, ok := s.shutdown("counter"); !ok || d.Code != 0 || d.Asked {
		t.Errorf("shut down: %+v, %v", d, ok)
	}
}

func TestACrashReportOfAKeptProcessHasItsLastLines(t *testing.T) {
	s := newSite(t)
	s.crasher("", keptFor("1h"))
	h := s.openAsIs()
	long := strings.Repeat("line\n", 100) + "the last one"
	_, err := crasherExit.Call(t.Context(), h.Plugin("crasher"), exitRequest{Code: 7, Stderr: long})
	if err == nil {
		t.Fatal("it has not ended")
	}
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	report := failure(t, h, "crasher")
	says(t, report, "it ended while it was serving: exit status 7", "the last one")
	if n := strings.Count(report.Error(), "\n"); n != 50 {
		t.Errorf("the report has %d lines of stderr, want 50", n)
	}
	if _, logged := s.log.find("the last one"); !logged {
		t.Error("the log lacks the last line")
	}
}
