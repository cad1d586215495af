//go:build unix

package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/plugin"
)

// faulty has the hook that EnvFault names end or stop this process or its host.
func faulty(s *plugin.Server) {
	if os.Getenv(oddityapi.EnvFault) == "" { // a hook that is there changes how the plugin ends
		return
	}
	strike("launch")
	s.Start, s.Stop = after("start", s.Start), after("stop", s.Stop)
	if configure := s.Configure; configure != nil {
		s.Configure = func(ctx context.Context, text json.RawMessage) error {
			strike("configure")
			time.AfterFunc(settle/2, func() { strike("configured") })
			return configure(ctx, text)
		}
	}
	if snapshot := s.Snapshot; snapshot != nil {
		s.Snapshot = func(ctx context.Context) (plugin.State, error) { strike("snapshot"); return snapshot(ctx) }
	}
	if restore := s.Restore; restore != nil {
		s.Restore = func(ctx context.Context, state plugin.State) error { strike("restore"); return restore(ctx, state) }
	}
	if s.Release != nil {
		s.Release, s.Resume = after("release", s.Release), after("resume", s.Resume)
	}
}

func after(hook string, then func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		strike(hook)
		if then == nil {
			return nil
		}
		return then(ctx)
	}
}

// strike does it, if this is the hook and nobody has done it before.
func strike(hook string) {
	words := strings.Fields(os.Getenv(oddityapi.EnvFault))
	if len(words) != 3 || words[0] != hook {
		return
	}
	done, err := os.OpenFile(os.Getenv(oddityapi.EnvFaultFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	done.Close()
	whom := map[string]int{"self": os.Getpid(), "host": os.Getppid()}[words[2]]
	signal := map[string]syscall.Signal{"kill": syscall.SIGKILL, "stop": syscall.SIGSTOP}[words[1]]
	_ = syscall.Kill(whom, signal)
	if whom == os.Getpid() {
		<-time.After(settle)
	}
}

// settle is longer than a signal takes until it has its effect on all threads.
const settle = 50 * time.Millisecond
