package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAPluginThatStartsIsReadyAndAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		h := w.open()
		p := h.Plugin("one")
		if got, err := echo.Call(t.Context(), p, "hi"); got != "hi" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		s := p.Status()
		if s.State != host.Ready || s.Generation != 1 || s.PID != 1000 || !s.Active || !s.Connected || s.Version != "1.0.0" || len(s.Hash) != 64 {
			t.Errorf("status %+v", s)
		}
		if len(h.Failed()) != 0 || len(p.Handles()) != 1 || p.Handles()[0].Name != "kit.echo" {
			t.Errorf("failed %v, handles %v", h.Failed(), p.Handles())
		}
		if d, err := p.Ping(t.Context()); err != nil || d < 0 {
			t.Errorf("ping %v, %v", d, err)
		}
	})
}

func silent(c *proctest.Child, _ *wire.Startup, _ *wire.Stream) int {
	<-c.Context().Done()
	return 137
}

func TestStartEndsExactlyAtItsTimeoutAndNamesThePhase(t *testing.T) {
	phases := map[string]struct {
		fake *fake
		want string
	}{
		"handshake":  {&fake{Instead: silent}, "it has not answered the handshake: not ready within 7s (timeouts.start)"},
		"Start hook": {&fake{Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}, "its Start hook: not ready within 7s (timeouts.start)"},
	}
	for name, phase := range phases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.add("slow", phase.fake)
				w.config.Timeouts.Start = 7 * time.Second
				began := time.Now()
				h := w.open()
				if d := time.Since(began); d != 7*time.Second {
					t.Errorf("Open took %s", d)
				}
				failed := h.Failed()
				if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), phase.want) {
					t.Errorf("failed %v, want %q", failed, phase.want)
				}
				if p := w.Starter.Started()[0]; p.Exit().Signal != "SIGKILL" || !p.Closed() {
					t.Errorf("the process: %s, closed %v", p.Exit(), p.Closed())
				}
			})
		})
	}
}

func TestAHandshakeMayTakeTenSecondsFromItsFirstByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("dripping", &fake{Instead: func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int {
			<-time.After(15 * time.Second) // nothing yet: only the start time-out counts
			_, _ = stream.Write([]byte(`{"hotplug"`))
			<-c.Context().Done()
			return 1
		}})
		began := time.Now()
		h := w.open()
		if d := time.Since(began); d != 25*time.Second+host.ExitGrace {
			t.Errorf("Open took %s", d)
		}
		if got := h.Failed()[0].Err.Error(); !strings.Contains(got, "handshake: the plugin began its answer and did not end it within 10s") {
			t.Error(got)
		}
	})
}

func TestAStartHookThatFailsFailsTheLaunchWithItsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("picky", &fake{Start: func(context.Context) error { return errors.New("no licence") }})
		h := w.open()
		err := h.Failed()[0].Err
		if !strings.Contains(err.Error(), "its Start hook: no licence") {
			t.Error(err)
		}
	})
}

func TestAProcessThatCannotBeStartedFailsThePluginAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		w.Starter.Fail(errors.New("no more processes"))
		h := w.open()
		if err := h.Failed()[0].Err; !strings.Contains(err.Error(), "no more processes") {
			t.Error(err)
		}
		for _, there := range w.Ends() {
			if _, err := there.Read(make([]byte, 1)); err == nil {
				t.Error("the host's end of the socket is open")
			}
		}
	})
}

func TestAPluginIsStartedAgainOnceTheSystemHasRoomForIt(t *testing.T) {
	for _, shortage := range []syscall.Errno{syscall.EMFILE, syscall.EAGAIN, syscall.ENOMEM, syscall.ENOSPC} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", &fake{}, members{"restart": members{"policy": "on-failure"}})
			w.Starter.Fail(fmt.Errorf("no room: %w", shortage))
			h := w.open()
			p := h.Plugin("one")
			if s := p.Status(); s.State != host.Backoff || !strings.Contains(s.Reason, "no room") {
				t.Errorf("%v: %+v", shortage, s)
			}
			w.Starter.Fail(nil)
			if err := p.Ready(rpc.Wait(t.Context())); err != nil {
				t.Errorf("%v: %v", shortage, err)
			}
		})
	}
}

func TestAVersionForWhichTheSystemHadNoRoomIsNotHeldToBeBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		h := w.open()
		p := h.Plugin("one")
		w.release("1.1.0", "one", &fake{})
		w.Starter.Fail(fmt.Errorf("no room: %w", syscall.EMFILE))
		if err := p.Reload(t.Context()); err == nil || p.Status().Version != "1.0.0" {
			t.Errorf("%v, %+v", err, p.Status())
		}
		w.Starter.Fail(nil)
		w.seeFolder(h) // by itself, not because somebody asked for it
		if s := p.Status(); s.Version != "1.1.0" {
			t.Errorf("%+v", s)
		}
	})
}

func TestOpeningIsToldTheHostWhileItsPluginsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		released := make(chan struct{}) // closed by the test
		w.add("slow", &fake{Start: func(context.Context) error { <-released; return nil }})
		opening := make(chan *host.Host, 1) // the hook sends once
		w.config.Hooks.Opening = func(h *host.Host) {
			if s := h.Plugin("slow").Status(); s.State != host.Starting || s.Reason == "" || s.Since.IsZero() {
				t.Errorf("before it starts: %+v", s)
			}
			opening <- h
		}
		opened := make(chan *host.Host, 1) // sent once Open has returned
		go func() { opened <- w.open() }()
		h := <-opening
		synctest.Wait()
		if s := h.Plugin("slow").Status(); s.State != host.Starting || s.Generation != 1 || len(opened) > 0 {
			t.Errorf("while it starts: %+v, %d opened", s, len(opened))
		}
		close(released)
		if got := <-opened; got != h || h.Plugin("slow").Status().State != host.Ready {
			t.Errorf("opened %p, was told %p, %+v", got, h, h.Plugin("slow").Status())
		}
	})
}

func TestAPluginThatIsDisabledWhileItStartsIsDisabledOnceItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Start: func(context.Context) error { time.Sleep(time.Second); return nil }})
		disabled := make(chan error, 1) // sent once Disable has returned
		w.config.Hooks.Opening = func(h *host.Host) {
			go func() { disabled <- h.Plugin("one").Disable(t.Context()) }()
		}
		h := w.open()
		if err := <-disabled; err != nil {
			t.Error(err)
		}
		if s := h.Plugin("one").Status(); s.State != host.Disabled || s.Active {
			t.Errorf("got %+v", s)
		}
	})
}
