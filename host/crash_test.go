package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestACrashWhileServingFailsThePluginWithAReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Handlers: []rpc.Handler{hang.Handle(hanging)}})
		h := w.open()
		p := h.Plugin("one")
		flying := make(chan error, 1)
		go func() {
			_, err := hang.Call(context.Background(), p, "")
			flying <- err
		}()
		synctest.Wait()
		f.Launched().Exit(3, "")
		err := <-flying
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered || !strings.HasPrefix(err.Error(), `plugin "one" 1.0.0: `) || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("in flight: %v, delivered %s", err, rpc.Delivered(err))
		}
		synctest.Wait()
		_, err = hang.Call(t.Context(), p, "")
		var report *host.CrashReport
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered || !errors.As(err, &report) {
			t.Fatalf("later: %v, delivered %s", err, rpc.Delivered(err))
		}
		if report.Code != 3 || report.Killed || report.Phase != "while it was serving" || report.Worker != (host.Worker{Plugin: "one", Version: "1.0.0", Generation: 1, PID: 1000}) {
			t.Errorf("report %+v", report)
		}
		if s := p.Status(); s.State != host.Failed || s.Active || s.Reason != "it ended while it was serving: exit status 3" || len(h.Failed()) != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestACrashReportHasTheLastFiftyLinesOfStderr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Instead: func(c *proctest.Child, _ *wire.Startup, _ *wire.Stream) int {
			for i := range 70 {
				fmt.Fprintln(c.Stderr, "line", i)
				fmt.Fprintln(c.Stdout, "not this")
			}
			c.Die("SIGSEGV", true)
			return 0
		}})
		h := w.open()
		var report *host.CrashReport
		if !errors.As(h.Failed()[0].Err, &report) {
			t.Fatal(h.Failed())
		}
		if len(report.Stderr) != host.TailLines || report.Stderr[0] != "line 20" || report.Stderr[49] != "line 69" {
			t.Errorf("%d lines: %q", len(report.Stderr), report.Stderr)
		}
		if got := report.Error(); !strings.HasPrefix(got, "it ended before it was ready: SIGSEGV (core dumped)") || !strings.Contains(got, "; the end of its stderr:\n    line 20\n") || report.Code != -1 {
			t.Error(got)
		}
	})
}

func TestACrashReportShowsOnlyTheBeginningOfALongLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", prints(func(_, stderr io.Writer) { fmt.Fprintln(stderr, strings.Repeat("é", 20_000)) }))
		text := w.open().Failed()[0].Err.Error()
		if !strings.Contains(text, strings.Repeat("é", 2016)+" ... (35968 bytes left out)") || len(text) > 5000 || strings.Contains(text, "\uFFFD") {
			t.Errorf("%d bytes: %.200s", len(text), text)
		}
	})
}

func TestAPluginThatOnlyClosesItsConnectionIsEndedByTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{Deaf: true})
		var down host.Shutdown
		w.config.Hooks.WorkerShutdown = func(_ host.Worker, s host.Shutdown) { down = s }
		h := w.open()
		f.Launched().Conn().Close()
		time.Sleep(time.Second)
		p := h.Plugin("one")
		if s := p.Status(); s.State != host.Failed || s.Reason != "it closed its connection while it was serving and did not exit: the host ended it" {
			t.Errorf("status %+v", s)
		}
		if down.Asked || down.Exit != "killed by SIGKILL" {
			t.Errorf("shutdown %+v", down)
		}
	})
}

func TestAPluginThatBreaksTheProtocolIsEndedAndTheCauseNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := &fake{}
		f.Instead = func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int {
			_, _ = wire.ReadHostHello(stream.Reader)
			_ = wire.WriteLine(stream, f.Hello(s))
			_, _ = stream.Write([]byte{0xff, 0xff, 0xff, 0xff, 0})
			<-c.Context().Done()
			return 1
		}
		w.add("one", f)
		h := w.open()
		p := h.Plugin("one")
		time.Sleep(time.Second)
		if s := p.Status(); !strings.HasPrefix(s.Reason, "the host ended it while it was serving: ") || !strings.Contains(s.Reason, "4294967295 bytes") {
			t.Errorf("reason %q", s.Reason)
		}
	})
}

// In a pipe, too, a write to an end that is gone is a broken pipe; a socket may also say that it was reset.
func TestAProcessThatMerelyEndsIsReportedWithoutWhatThatDidToItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Instead: func(_ *proctest.Child, _ *wire.Startup, stream *wire.Stream) int {
			stream.Close()
			time.Sleep(host.ExitGrace / 2)
			return 3
		}})
		if got := w.open().Plugin("one").Status().Reason; got != "could not start: it ended before it was ready: exit status 3" {
			t.Errorf("reason %q", got)
		}
	})
}

// stuckAt handles notices until one that says so.
func stuckAt(text string) rpc.Handler {
	return note.Handle(func(ctx context.Context, s string) error {
		if s == text {
			<-ctx.Done()
		}
		return nil
	})
}

func TestNoticesThatAProcessHadNotHandledAreCountedWhereverItEnds(t *testing.T) {
	for what, replaced := range map[string]bool{"while it serves": false, "while it is replaced": true} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				f := w.add("one", &fake{Handlers: []rpc.Handler{stuckAt("stuck")}})
				downs := make(chan host.Shutdown, 8)
				w.config.Hooks.WorkerShutdown = func(_ host.Worker, s host.Shutdown) { downs <- s }
				p := w.open().Plugin("one")
				first := f.Launched()
				for _, text := range []string{"handled", "stuck", "behind", "behind"} {
					if err := note.Send(t.Context(), p, text); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				if replaced {
					w.release("1.1.0", "one", &fake{Handlers: []rpc.Handler{stuckAt("never")}})
					w.reload(p)
				}
				first.Exit(9, "")
				time.Sleep(time.Minute)
				if down := <-downs; down.Lost != 3 || down.Asked != replaced {
					t.Errorf("%+v, want 3 lost", down)
				}
				if s := p.Status(); !replaced && !strings.Contains(s.Reason, "notices that it had not handled: 3") || replaced && s.State != host.Ready {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAfterACallThatWasLostReadySaysHowTheProcessEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := newTally()
		f.Handlers = append(f.Handlers, fatal(f))
		w.add("one", &f.fake)
		p := w.open().Plugin("one")
		if _, err := hang.Call(t.Context(), p, ""); err == nil {
			t.Error("a call in which the process ended was answered")
		}
		if report, ended := errors.AsType[*host.CrashReport](p.Ready(t.Context())); !ended || report.Code != 9 {
			t.Errorf("%+v", report)
		}
	})
}
