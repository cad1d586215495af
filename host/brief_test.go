package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/abridge"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// around is what the host may put around one text of a plugin.
const around = 512

// a15 is a text of 15 MB.
var a15 = strings.Repeat("paper ", 15<<20/6)

// brief checks that nothing which a host keeps or tells has more than one text of a plugin, abridged.
func brief(t *testing.T, texts map[string]string) {
	t.Helper()
	for what, text := range texts {
		if len(text) > abridge.Most+around {
			t.Errorf("%s has %d bytes: %.200s", what, len(text), text)
		}
	}
}

// kept are the texts that a host keeps of a plugin, and tells.
func keptOf(p *host.Plugin, e host.Event) map[string]string {
	s := p.Status()
	texts := map[string]string{"Status.Error": s.Error, "Status.Reason": s.Reason, "Event.Reason": e.Reason}
	if e.Err != nil {
		texts["Event.Err"] = e.Err.Error()
		for err := e.Err; err != nil; err = errors.Unwrap(err) {
			texts[fmt.Sprintf("%T below it", err)] = err.Error()
		}
	}
	return texts
}

// latest has a world tell the latest event.
func (w *world) latest() *host.Event {
	last := &host.Event{}
	w.config.Hooks.Event = func(e host.Event) { *last = e }
	return last
}

func TestWhatAPluginFailsItsHandshakeWithIsKeptAbridged(t *testing.T) {
	long := strings.Repeat("paper ", 1<<20/6-100)
	for what, f := range map[string]*fake{
		"a refusal":          hello(func(h *wire.PluginHello) { h.Error = &wire.Refusal{Code: "Denied", Message: long} }),
		"its code":           hello(func(h *wire.PluginHello) { h.Error = &wire.Refusal{Code: long} }),
		"a serializer":       hello(func(h *wire.PluginHello) { h.Serializer = long }),
		"a name":             hello(func(h *wire.PluginHello) { h.Plugin = &wire.PluginInfo{Name: long, Version: "1.0.0"} }),
		"a message it calls": {Uses: []rpc.Use{rpc.Notice[string](long).Use()}},
		"last words": {Instead: func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int {
			return says(`{"error": {"code": "Denied", "message": "`+long+`"}}`+"\n")(c, s, stream)
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", f)
			last := w.latest()
			p := w.open().Plugin("one")
			brief(t, keptOf(p, *last))
			brief(t, map[string]string{"Ready": p.Ready(t.Context()).Error(), "Reload": p.Reload(t.Context()).Error()})
			if !strings.Contains(p.Status().Error, " bytes left out)") {
				t.Errorf("%s: nothing says that something was left out: %.200s", what, p.Status().Error)
			}
		})
	}
}

func TestTheErrorOfAHookIsKeptAbridgedAndKeepsItsCode(t *testing.T) {
	fails := func(context.Context) error {
		return &rpc.Error{Code: rpc.Denied, Message: a15, Stack: a15, Name: a15, Details: map[string]any{"a": a15}, Cause: &rpc.Error{Code: rpc.NotFound, Message: a15}}
	}
	wide := members{"limits": members{"frame": "128MiB"}, "health": members{"interval": "1s", "misses": 1}}
	for what, f := range map[string]*fake{"Start": {Start: fails}, "Health": {Health: fails}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.add("one", f, wide)
			last := w.latest()
			p := w.open().Plugin("one")
			time.Sleep(3 * time.Second) // on the bubble's clock: a health check is due
			synctest.Wait()
			brief(t, keptOf(p, *last))
			var e *rpc.Error
			if !errors.As(last.Err, &e) || e.Code != rpc.Denied || !strings.Contains(last.Reason, "its "+what+" hook: paper paper") {
				t.Fatalf("%s: %.200v, reason %.200s", what, last.Err, last.Reason)
			}
			if e.Stack != "" || e.Details != nil || e.Cause != nil || len(e.Name) > abridge.Most {
				t.Errorf("%s: more than its text and its code is held", what)
			}
		})
	}
}

func TestAShortErrorOfAHookStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Start: func(context.Context) error { return rpc.Errorf(rpc.Conflict, "no paper") }})
		if err := w.open().Plugin("one").Ready(t.Context()); !errors.Is(err, rpc.Conflict) || !strings.Contains(err.Error(), "its Start hook: no paper") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheErrorOfACallIsItsCallersWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(func(context.Context, string) (string, error) { return "", errors.New(a15) })}})
		if _, err := echo.Call(t.Context(), w.open().Plugin("one"), ""); err == nil || err.Error() != a15 {
			t.Errorf("got %.200v", err)
		}
	})
}

func TestACrashReportHoldsABoundedNumberOfBytesOfStderr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", prints(func(_, stderr io.Writer) {
			for i := range 100 {
				fmt.Fprintln(stderr, i, strings.Repeat("x", 3000))
			}
		}))
		last := w.latest()
		p := w.open().Plugin("one")
		var report *host.CrashReport
		if !errors.As(last.Err, &report) {
			t.Fatal(last.Err)
		}
		if n := len(strings.Join(report.Stderr, "")); n > host.TailBytes || n < host.TailBytes-3100 || !strings.HasPrefix(report.Stderr[len(report.Stderr)-1], "99 ") {
			t.Errorf("%d bytes of stderr, the last %.40q", n, report.Stderr[len(report.Stderr)-1])
		}
		if n := len(p.Status().Error); n > host.TailBytes+around {
			t.Errorf("Status.Error has %d bytes", n)
		}
	})
}

func TestNoLineOfTheLogHasMoreThanOneTextOfAPluginAbridged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var log bytes.Buffer
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Debug})
		w.config.Handlers = []rpc.Handler{note.Handle(func(_ context.Context, s string) error { return fmt.Errorf("cannot print %s", s) })}
		w.add("one", &fake{Serving: func(c *rpc.Conn) { _ = note.Send(context.Background(), c, a15[:1<<20]) }})
		w.add("two", &fake{Start: func(context.Context) error { return errors.New(a15) }})
		h := w.open()
		synctest.Wait()
		h.Close()
		if !strings.Contains(log.String(), "notice not handled") || !strings.Contains(log.String(), "its Start hook: paper") {
			t.Errorf("the log is %.900s", log.String())
		}
		for line := range strings.Lines(log.String()) {
			if len(line) > 2*(abridge.Most+around) { // reason and error
				t.Errorf("a line of %d bytes: %.200s", len(line), line)
			}
		}
	})
}

func TestAReaderThatIsStuckHoldsABoundedNumberOfBytes(t *testing.T) {
	const n = 200
	text := strings.Repeat("x", 10<<10)
	found := host.Flood(n, text)
	if held := len(found) * 2 * len(text); held > host.EventBytes || held < host.EventBytes-2*len(text) {
		t.Errorf("%d bytes are held, want %d at most, and nearly as many", held, host.EventBytes)
	}
	if found[0].Missed != n-len(found) || found[len(found)-1].Generation != n-1 {
		t.Errorf("%d events, the first says that %d were missed, the last is %d", len(found), found[0].Missed, found[len(found)-1].Generation)
	}
	if one := host.Flood(3, a15); len(one) != 1 || one[0].Missed != 2 {
		t.Errorf("of events that are larger than the bound %d are held, want the last", len(one))
	}
}

func TestAStuckReaderAndAPluginThatFailsAgainAndAgainWithLongTextsHoldNoMoreThanThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		long := strings.Repeat("paper ", 1<<20/6-100)
		f := w.add("one", &fake{}, members{"restart": members{"policy": "always", "max": 1000, "backoff": "1ms", "maxBackoff": "1ms"}})
		f.Instead = func(c *proctest.Child, s *wire.Startup, stream *wire.Stream) int {
			for range 100 {
				fmt.Fprintln(c.Stderr, long[:4000])
			}
			return says(`{"error": {"code": "Denied", "message": "`+long+`"}}`+"\n")(c, s, stream)
		}
		h := w.open()
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		held, missed, events := 0, 0, 0
		for e := range h.Events(ctx) {
			if held += len(e.Reason); e.Err != nil {
				held += len(e.Err.Error())
			}
			if missed += e.Missed; events == 0 {
				held = 0
				time.Sleep(time.Minute) // it is stuck, on the bubble's clock
				h.Plugin("one").Disable(ctx)
			}
			if events++; e.To == host.Disabled {
				leave()
			}
		}
		if missed < 100 || held > host.EventBytes {
			t.Errorf("%d bytes of %d events were held, %d were missed", held, events, missed)
		}
	})
}
