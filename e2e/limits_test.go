//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// limited is a piece of a manifest.
func limited(limits m) m { return m{"limits": limits} }

func TestAPluginAtItsLimitOfDescriptorsOpensNoMore(t *testing.T) {
	s := newSite(t)
	s.oddity("", limited(m{"openFiles": 64}))
	h := s.open()
	p := h.Plugin("oddity")
	_, err := oddityapi.Open.Call(t.Context(), p, oddityapi.Number{N: 100})
	says(t, err, "too many open files")
	if got := p.Status().Descriptors; got != 64 {
		t.Errorf("it has %d descriptors open, want 64", got)
	}
	if _, err := p.Ping(t.Context()); err != nil {
		t.Errorf("it does not go on: %v", err)
	}
	if w := p.Status().Warnings; len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
	s.goesOn(h)
}

func TestAPluginThatRaisesItsLimitOfDescriptorsByItselfDoesNotGetFar(t *testing.T) {
	s := newSite(t)
	l := s.launch("oddity") // Go's runtime does that, before main
	l.MaxOpenFiles = 50
	p := s.startWorker(l)
	_, err := oddityapi.Open.Call(t.Context(), p, oddityapi.Number{N: 50})
	says(t, err, "too many open files")
}

func TestAPluginOverItsLimitOfMemoryEndsAndTheReportSaysWhy(t *testing.T) {
	s := newSite(t)
	s.oddity("", limited(m{"memory": "64MiB"}))
	h := s.open()
	p := h.Plugin("oddity")
	if _, err := oddityapi.Hold.Call(t.Context(), p, oddityapi.Number{N: 16 << 20}); err != nil {
		t.Errorf("below its limit: %v", err)
	}
	_, err := oddityapi.Hold.Call(t.Context(), p, oddityapi.Number{N: 1 << 30})
	if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
		t.Errorf("over its limit: %v", err)
	}
	says(t, err, "64MiB (limits.memory)")
	if err := failureOf(p); !strings.Contains(err, "64MiB (limits.memory)") {
		t.Errorf("its status says %q", err)
	}
	s.goesOn(h)
}

// failureOf waits until a plugin has failed, and says why.
func failureOf(p *host.Plugin) string {
	eventually(10*time.Second, func() bool { return p.Status().State == host.Failed })
	return p.Status().Reason
}

func TestAPluginWithALimitOfMemoryHasGOMEMLIMITBelowIt(t *testing.T) {
	for set, want := range map[string]string{"": "GOMEMLIMIT=94371840", "80MiB": "GOMEMLIMIT=80MiB"} {
		t.Run("set to "+set, func(t *testing.T) {
			s := newSite(t)
			with := limited(m{"memory": "100MiB"})
			if set != "" {
				with["env"] = m{"set": m{"GOMEMLIMIT": set}}
			}
			s.crasher("", with)
			got, err := crasherDescribe.Call(t.Context(), s.open().Plugin("crasher"), struct{}{})
			var found []string
			for _, kv := range got.Env {
				if strings.HasPrefix(kv, "GOMEMLIMIT=") {
					found = append(found, kv)
				}
			}
			if err != nil || len(found) != 1 || found[0] != want {
				t.Errorf("it has %q, want %s: %v", found, want, err)
			}
		})
	}
}

// groupOf is the path of the version 2 control group that a process is in.
func groupOf(t *testing.T, pid string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut("\n"+string(text), "\n0::")
	path, _, _ = strings.Cut(path, "\n")
	return path
}

// fenced opens a host with a plugin that has its control group, and gives back the group's folder.
func (s *site) fenced(plugin string, with m) (*host.Host, string) {
	s.t.Helper()
	with["limits"] = m{"memory": "64MiB"}
	s.install(plugin, plugin, with)
	h := s.open()
	group := groupOf(s.t, pidOf(h, plugin))
	if !strings.Contains(group, "/hotplug-") {
		s.t.Skip("no control group with memory is delegated to this process: run it in a service with Delegate=memory and DelegateSubgroup=")
	}
	return h, "/sys/fs/cgroup" + group
}

// removed fails the test if a control group is left.
func removed(t *testing.T, group string) {
	t.Helper()
	if _, err := os.Stat(group); err == nil {
		t.Errorf("%s is left", group)
	}
}

func TestTheKernelEndsAPluginAtTheLimitOfItsControlGroupAndTheReportSaysSo(t *testing.T) {
	s := newSite(t)
	h, group := s.fenced("oddity", m{})
	_, err := oddityapi.Hold.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1 << 30})
	says(t, err, "killed by SIGKILL", "the kernel ended it at its limit of memory, 64MiB (limits.memory)")
	s.goesOn(h)
	s.close(h)
	removed(t, group)
}

func TestADescendantThatLeftItsSessionEndsWithItsControlGroup(t *testing.T) {
	s := newSite(t)
	h, group := s.fenced("crasher", m{})
	child, err := crasherGrandchild.Call(t.Context(), h.Plugin("crasher"), grandchildRequest{Session: true, IgnoreSignals: true})
	if err != nil || groupOf(t, fmt.Sprint(child.PID)) != strings.TrimPrefix(group, "/sys/fs/cgroup") {
		t.Fatalf("child %d: %v", child.PID, err)
	}
	s.close(h)
	if alive(child.PID) {
		t.Errorf("process %d lives", child.PID)
	}
	removed(t, group)
}

func TestAControlGroupStaysWithAKeptProcessAndNoLonger(t *testing.T) {
	s := newSite(t)
	h, group := s.fenced("oddity", keptFor("1h"))
	pid := h.Plugin("oddity").Status().PID
	mustDo(t, h.Detach())
	h = s.openAsIs()
	if got := h.Plugin("oddity").Status().PID; got != pid || groupOf(t, fmt.Sprint(pid)) != strings.TrimPrefix(group, "/sys/fs/cgroup") {
		t.Errorf("process %d, it was %d", got, pid)
	}
	_, err := oddityapi.Hold.Call(t.Context(), h.Plugin("oddity"), oddityapi.Number{N: 1 << 30})
	says(t, err, "the kernel ended it at its limit of memory")
	s.close(h)
	removed(t, group)
}
