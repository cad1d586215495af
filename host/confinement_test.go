package host_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/internal/proc"
)

// A cramped starter is a machine that keeps no limit of descriptors, and keeps one of memory by a control group.
type cramped struct{ proc.Starter }

func (c cramped) Start(s proc.Spec) (proc.Process, error) {
	p, err := c.Starter.Start(s)
	return crampedProcess{p, s.Limits}, err
}

type crampedProcess struct {
	proc.Process
	limits proc.Limits
}

func (p crampedProcess) Unkept() []error {
	if p.limits.OpenFiles == 0 {
		return nil
	}
	return []error{errors.New("limits.openFiles 9 is not kept: no")}
}

func (p crampedProcess) Exit() proc.Exit {
	e := p.Process.Exit()
	e.OutOfMemory = e.Signal == "SIGKILL"
	return e
}

// openCramped opens the host on such a machine.
func (w *world) openCramped() *host.Host {
	w.t.Helper()
	processes := w.Processes()
	processes.Starter = cramped{processes.Starter}
	h, err := host.Open(seam.With(w.t.Context(), processes), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close(); w.Starter.Wait() })
	return h
}

func TestALimitThatIsNotKeptIsAWarningInTheLogAndInTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{}, members{"limits": members{"openFiles": 9}})
		w.add("two", &fake{})
		var log bytes.Buffer
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
		h := w.openCramped()
		if got := h.Plugin("one").Status().Warnings; !slices.Equal(got, []string{"limits.openFiles 9 is not kept: no"}) {
			t.Errorf("warnings: %q", got)
		}
		if got := h.Plugin("two").Status().Warnings; len(got) > 0 {
			t.Errorf("warnings: %q", got)
		}
		if got := log.String(); strings.Count(got, "a limit is not wholly kept on this machine") != 1 || !strings.Contains(got, "limits.openFiles 9 is not kept: no") {
			t.Errorf("the log says\n%s", got)
		}
	})
}

func TestALimitThatIsNotKeptIsToldOfAPluginThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Instead: silent}, members{"limits": members{"openFiles": 9}})
		var log bytes.Buffer
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
		w.openCramped()
		if got := log.String(); !strings.Contains(got, "limits.openFiles 9 is not kept: no") {
			t.Errorf("the log says\n%s", got)
		}
	})
}

func TestACrashReportSaysHowTheLimitOfMemoryWasMet(t *testing.T) {
	const byKernel, byItself = "; the kernel ended it at its limit of memory, 64MiB (limits.memory)", "; it says that it got no more memory; its limit is 64MiB (limits.memory)"
	for name, c := range map[string]struct{ limit, signal, stderr, want string }{
		"the kernel's count":  {"64MiB", "SIGKILL", "", "killed by SIGKILL" + byKernel},
		"Go's runtime":        {"64MiB", "", "fatal error: runtime: out of memory", "exit status 2" + byItself},
		"a thread's stack":    {"64MiB", "", "runtime/cgo: pthread_create failed: Resource temporarily unavailable", "exit status 2" + byItself},
		"Python":              {"64MiB", "", "MemoryError", "exit status 2" + byItself},
		"another reason":      {"64MiB", "", "out of cheese", "exit status 2"},
		"no limit, by kernel": {"", "SIGKILL", "", "killed by SIGKILL"},
		"no limit, by itself": {"", "", "fatal error: runtime: out of memory", "exit status 2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				f := w.add("one", &fake{}, members{"limits": members{"memory": c.limit}})
				h := w.openCramped()
				f.Launched().Exit(2, c.signal, c.stderr)
				synctest.Wait()
				if got, want := h.Plugin("one").Status().Reason, "it ended while it was serving: "+c.want; got != want {
					t.Errorf("%s\nwant %s", got, want)
				}
			})
		})
	}
}

func TestAnotherLimitOrWrapperNeedsAnotherProcess(t *testing.T) {
	if _, err := os.Stat("/usr/bin/env"); err != nil {
		t.Skip(err)
	}
	prints := map[string]string{}
	for name, c := range map[string]struct {
		limits members
		own    host.Settings
	}{
		"plain":   {members{}, host.Settings{}},
		"memory":  {members{"memory": "1GiB"}, host.Settings{}},
		"files":   {members{"openFiles": 100}, host.Settings{}},
		"wrapper": {members{}, host.Settings{Wrap: []string{"/usr/bin/env"}}},
		"a=1":     {members{}, host.Settings{Wrap: []string{"/usr/bin/env", "a=1"}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &fake{}, members{"limits": c.limits})
			w.config.Plugins = map[string]host.Settings{"one": c.own}
			prints[name] = w.open().Plugin("one").SpecFingerprint()
		})
	}
	for name, print := range prints {
		for other, same := range prints {
			if name != other && print == same {
				t.Errorf("%s and %s are the same: %s", name, other, print)
			}
		}
	}
}
