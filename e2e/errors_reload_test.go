//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

func TestErrorsOfReloading(t *testing.T) {
	c := openChapter(t, "Reloading")
	c.asWritten(elsewhere, "MESSAGE: its plugin failed its health checks", "ping: no answer within")
	for name, part := range map[string]func(*testing.T){
		"refusals": c.refusedReloads, "busy": c.busyReloads, "streams": c.movedStreams, "waiting notices": c.waitingNotices, "health": c.health,
	} {
		t.Run(name, part)
	}
	c.meets(unhandledNotices(t))
	c.meets(ofDisabled(t))
}

// ofReload is what a reload failed with, without the plugin's name in front.
func ofReload(p *host.Plugin) error {
	return errors.Unwrap(p.Reload(context.Background()))
}

// ofDisabled is the error of a reload of what is switched off.
func ofDisabled(t *testing.T) error {
	t.Helper()
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	p := s.openAsIs().Plugin("oddity")
	mustDo(t, p.Disable(t.Context()))
	return ofReload(p)
}

// refusedReloads are the errors of versions that do not take over.
func (c *chapter) refusedReloads(t *testing.T) {
	for _, pair := range [][2]edition{
		{{version: "1.0.0"}, {version: "1.1.0", binary: "counter"}},
		{{version: "1.0.0", mode: oddityapi.ModeKeeps}, {version: "1.1.0", mode: oddityapi.ModeNoRestore}},
		{{version: "1.0.0", mode: oddityapi.ModeNoSnapshot}, {version: "1.1.0", mode: oddityapi.ModeKeeps}},
		{handoff("1.0.0", oddityapi.ModePortStuck, "127.0.0.1:0"), handoff("1.1.0", oddityapi.ModePort, "127.0.0.1:0")},
		{handoff("1.0.0", oddityapi.ModePortLost, "127.0.0.1:0"), handoff("1.1.0", oddityapi.ModeNoStart, "")},
	} {
		t.Run(pair[0].mode, func(t *testing.T) {
			s := newSite(t)
			s.put(pair[0])
			p := s.openAsIs().Plugin("oddity")
			s.put(pair[1])
			err := ofReload(p)
			if joined, both := err.(interface{ Unwrap() []error }); both {
				err = joined.Unwrap()[1]
			}
			c.meets(err)
		})
	}
}

// busyReloads are the errors of plugins that keep state and have a call in flight.
func (c *chapter) busyReloads(t *testing.T) {
	for quiesce, patience := range map[string]time.Duration{"50ms": time.Minute, "1m": 2 * time.Second} {
		t.Run(quiesce, func(t *testing.T) {
			s := newSite(t)
			s.put(edition{version: "1.0.0", mode: oddityapi.ModeKeeps, with: m{"reload": m{"quiesce": quiesce}}})
			p := s.openAsIs().Plugin("oddity")
			go oddityapi.Stubborn.Call(context.Background(), p, number{})
			waiting(t, p, 1)
			s.put(edition{version: "1.1.0", mode: oddityapi.ModeKeeps})
			calling := gather(t, 1, func(int, int) error {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				_, err := oddityapi.Whole.Call(ctx, p, number{})
				return err
			})
			c.meets(ofReload(p))
			calling.leave()
			_, err := oddityapi.Release.Call(t.Context(), p, struct{}{})
			mustDo(t, err)
		})
	}
}

// movedStreams is the error of a stream that is open when its plugin's drain ends.
func (c *chapter) movedStreams(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0", with: m{"timeouts": m{"drain": "50ms"}}})
	p := s.openAsIs().Plugin("oddity")
	end := streaming(t, oddityapi.Count, p)
	s.reload(p, edition{version: "1.1.0"})
	c.meets(<-end)
}

// waitingNotices are the errors of notices to a new instance, of which the one before has some left.
func (c *chapter) waitingNotices(t *testing.T) {
	s := newSite(t)
	s.put(edition{version: "1.0.0"})
	p := s.openAsIs().Plugin("oddity")
	old := p.Status().PID
	mustDo(t, oddityapi.Mark.Send(t.Context(), p, oddityapi.Line{HoldMS: 60_000}))
	s.reload(p, edition{version: "1.1.0"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var senders sync.WaitGroup
	const most = 1024
	failed := make(chan error, most+1) // one of each sender
	for range most + 1 {
		senders.Go(func() { failed <- oddityapi.Mark.Send(ctx, p, oddityapi.Line{}) })
	}
	c.meets(<-failed)
	cancel()
	c.meets(<-failed)
	senders.Wait()
	mustDo(t, syscall.Kill(old, syscall.SIGKILL)) // nobody waits for its notice
}

// unhandledNotices is the error of a drain that takes too long for a notice.
func unhandledNotices(t *testing.T) error {
	t.Helper()
	a, _ := rpctest.Pair(t, nil, []rpc.Handler{oddityapi.Told.Handle(func(ctx context.Context, _ number) error { return untilDone(ctx) })})
	mustDo(t, oddityapi.Told.Send(t.Context(), a, number{}))
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	return a.AwaitNotices(soon)
}

// health are the errors of a plugin that says it is not well, and of one that says nothing.
func (c *chapter) health(t *testing.T) {
	for _, mode := range []string{oddityapi.ModeSick, ""} {
		t.Run(mode, func(t *testing.T) {
			s := newSite(t)
			s.put(edition{version: "1.0.0", mode: mode, with: m{"health": m{"interval": "300ms", "misses": 2}}})
			h := s.openAsIs()
			p := h.Plugin("oddity")
			if mode == "" {
				kills(t, p, syscall.SIGSTOP)
			}
			isIn(t, p, host.Failed)
			var report *host.CrashReport
			if err := failure(t, h, "oddity"); !errors.As(err, &report) {
				t.Fatalf("no crash report: %v", err)
			}
			c.meets(report.Cause)
			c.meets(errors.Unwrap(report.Cause))
		})
	}
}
