package host_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestEventsOfAPluginComeInOrderAndEndWithTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		var mu sync.Mutex
		var hooked, read []string
		w.config.Hooks.Event = func(e host.Event) {
			mu.Lock()
			defer mu.Unlock()
			hooked = append(hooked, string(e.From)+">"+string(e.To))
		}
		h := w.open()
		done := make(chan struct{})
		events := h.Events(t.Context())
		go func() {
			defer close(done)
			for e := range events {
				read = append(read, e.String())
				if e.Plugin != "one" || e.Generation != 1 || e.Time.IsZero() || e.PID != 1000 {
					t.Errorf("event %+v", e)
				}
			}
		}()
		h.Close()
		<-done
		if !slices.Equal(hooked, []string{">starting", "starting>ready", "ready>stopped"}) {
			t.Errorf("hooked %q", hooked)
		}
		if !slices.Equal(read, []string{"one 1.0.0: stopped: the host asked it to stop"}) {
			t.Errorf("read %q", read)
		}
		for range h.Events(t.Context()) {
			t.Error("an event after Close")
		}
		for range events {
			t.Error("an event in a second loop")
		}
	})
}

func TestEventsEndWithTheirContextAndWithTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		h := w.open()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range h.Events(ctx) {
			t.Error("an event")
		}
		events := h.Events(t.Context())
		go h.Plugin("one").Close()
		n := 0
		for range events {
			n++
			break
		}
		for range events {
			n++
		}
		if n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestASlowReaderLosesTheOldestEventsAndIsToldHowMany(t *testing.T) {
	events := host.Flood(host.EventBuffer+10, "")
	if len(events) != host.EventBuffer || events[0].Missed != 10 || events[0].Generation != 10 || events[1].Missed != 0 || events[len(events)-1].Generation != host.EventBuffer+9 {
		t.Errorf("%d events, the first %+v", len(events), events[0])
	}
}

func TestHooksAreToldOfProcessesAndMessagesAndMayPanic(t *testing.T) {
	for _, panics := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			var mu sync.Mutex
			var told []string
			tell := func(s string) {
				mu.Lock()
				told = append(told, s)
				mu.Unlock()
				if panics {
					panic(s)
				}
			}
			w.config.Handlers = []rpc.Handler{hang.Handle(echoed)}
			w.config.Hooks = host.Hooks{
				WorkerSpawn:    func(x host.Worker) { tell("spawn " + x.Plugin) },
				WorkerShutdown: func(x host.Worker, s host.Shutdown) { tell("shutdown " + x.Plugin + " " + s.Exit) },
				Message: func(m host.Message) {
					tell("message " + m.Type + map[bool]string{true: " in", false: " out"}[m.Incoming] + " " + string(m.Kind))
				},
				Event: func(e host.Event) { tell("event " + string(e.To)) },
			}
			w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) {
				return hang.Call(ctx, rpc.Caller(ctx), s)
			})}})
			h := w.open()
			if got, err := echo.Call(t.Context(), h.Plugin("one"), "hi"); got != "hi" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			h.Close()
			want := "event starting, spawn one, event ready, message kit.hang in method, message kit.echo out method, event stopped, shutdown one exit status 0"
			if got := strings.Join(told, ", "); got != want {
				t.Errorf("told %s", got)
			}
		})
	}
}
