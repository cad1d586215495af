package controlhost_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/controlhost"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/hosttest"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// A watched host is one that is looked at by a client, in memory.
type watched struct {
	*hosttest.Host
	log    hclog.Logger
	record *controlhost.Recorder
	client *rpc.Conn
}

func watch(t *testing.T, plugins ...hosttest.Plugin) *watched {
	t.Helper()
	c := host.Config{Name: "app", Version: "1.2.3", Logger: hclog.New(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Error})}
	w := &watched{record: controlhost.Record(&c)}
	w.log = c.Logger
	w.Host = hosttest.Open(t, c, plugins...)
	w.client, _ = rpctest.Pair(t, nil, controlhost.Handlers(w.Host.Host, controlhost.Options{Name: c.Name, Version: c.Version, Record: w.record}))
	return w
}

// all are the items of a stream that ends by itself.
func all[T any](t *testing.T, items func(func(T, error) bool)) (out []T) {
	t.Helper()
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item)
	}
	return out
}

func TestStatusSaysWhatTheHostIsAndHowItsPluginsAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "greeter", Version: "1.4.0"}, hosttest.Plugin{Name: "lame", Crash: &hosttest.Exit{Code: 3, Stderr: []string{"no legs"}}})
		r, err := control.Status.Call(t.Context(), w.client, control.StatusRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Host.Name != "app" || r.Host.Version != "1.2.3" || r.Host.PID == 0 || r.Host.Since.IsZero() || len(r.Host.Folders) != 1 {
			t.Errorf("host %+v", r.Host)
		}
		greeter, lame := r.Plugins[0], r.Plugins[1]
		if greeter.Name != "greeter" || greeter.Version != "1.4.0" || greeter.State != "ready" || greeter.PID == 0 || greeter.Generation != 1 || greeter.Since.IsZero() {
			t.Errorf("greeter %+v", greeter)
		}
		if lame.State != "failed" || !strings.Contains(lame.Error, "no legs") || lame.Reason == "" {
			t.Errorf("lame %+v", lame)
		}
	})
}

func TestReloadDisableAndEnableAnswerHowThePluginIsThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "greeter"})
		target := control.Target{Plugin: "greeter"}
		for _, step := range []struct {
			message rpc.Method[control.Target, control.Plugin]
			state   string
			launch  int
		}{{control.Reload, "ready", 2}, {control.Disable, "disabled", 2}, {control.Enable, "ready", 3}} {
			p, err := step.message.Call(t.Context(), w.client, target)
			if err != nil || p.State != step.state || p.Generation != step.launch {
				t.Errorf("%s: %+v, %v, want %s, launch %d", step.message, p, err, step.state, step.launch)
			}
		}
	})
}

func TestARefusalIsTheHostsOwnText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "lame", Crash: &hosttest.Exit{Code: 3, Stderr: []string{"no legs"}}})
		_, err := control.Reload.Call(t.Context(), w.client, control.Target{Plugin: "lame"})
		if err == nil || !strings.HasPrefix(err.Error(), "reload lame: it ended before it was ready: exit status 3") || !strings.Contains(err.Error(), "no legs") {
			t.Errorf("got %v", err)
		}
	})
}

func TestANameThatNothingHasIsNotFoundAndTheNearestIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "greeter"})
		_, reload := control.Reload.Call(t.Context(), w.client, control.Target{Plugin: "greter"})
		_, disable := control.Disable.Call(t.Context(), w.client, control.Target{Plugin: "greter"})
		var logs error
		for _, err := range control.Logs.Open(t.Context(), w.client, control.LogsRequest{Plugin: "greter", Last: control.All}) {
			logs = err
		}
		for _, err := range []error{reload, disable, logs} {
			if !errors.Is(err, rpc.NotFound) || !strings.HasSuffix(err.Error(), `did you mean "greeter"?`) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestACallerThatGivesUpEndsItsWaitingAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts, open := 0, make(chan struct{})
		w := watch(t, hosttest.Plugin{Name: "greeter", Start: func(ctx context.Context) error {
			if starts++; starts > 1 {
				<-open
			}
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := control.Reload.Call(ctx, w.client, control.Target{Plugin: "greeter"})
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, rpc.Canceled) {
			t.Errorf("got %v", err)
		}
		close(open)
		synctest.Wait()
		if s := w.Plugin("greeter").Status(); s.State != host.Ready || s.Generation != 2 {
			t.Errorf("got %s, launch %d, want the reload to be done", s.State, s.Generation)
		}
	})
}

func TestLogsOfAPluginAreItsOwnAndThoseOfAllAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.log.With("plugin", "a").Info("one", "size", 3, "plugin", "claims to be another")
		w.log.With("plugin", "b").Warn("two")
		w.log.With("plugin", "a").Named("x").Error("three", "odd")
		w.log.Info("four")
		w.log.Debug("too fine to be kept")
		var got []string
		for _, l := range all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{Last: control.All})) {
			got = append(got, l.Plugin+" "+l.Level+" "+l.Message)
		}
		if want := []string{"a info one", "b warn two", "a error three", " info four"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		a := all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{Plugin: "a", Last: control.All}))
		if len(a) != 2 || len(a[0].Fields) != 2 || a[0].Fields[0] != (control.Field{Key: "size", Value: "3"}) || a[0].Fields[1].Key != "plugin" || a[1].Fields[0].Value != "odd" || a[0].Time.IsZero() {
			t.Errorf("got %+v", a)
		}
		if last := all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{Last: 1})); len(last) != 1 || last[0].Message != "four" {
			t.Errorf("the last one: %+v", last)
		}
		if none := all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{})); len(none) != 0 {
			t.Errorf("none was asked for: %+v", none)
		}
	})
}

func TestOnlyTheLatestLinesOfEachPluginAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		quiet, chatty := w.log.With("plugin", "quiet"), w.log.With("plugin", "chatty")
		quiet.Info("once")
		for i := range controlhost.KeptLines + 10 {
			chatty.Info(strconv.Itoa(i))
		}
		got := all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{Last: control.All}))
		if len(got) != controlhost.KeptLines+1 || got[0].Message != "once" || got[1].Message != "10" {
			t.Errorf("got %d lines, the first are %+v", len(got), got[:2])
		}
	})
}

func TestLongLinesTakeABoundedAmountOfMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		for range 100 {
			w.log.Info(strings.Repeat("x", 64<<10))
		}
		if got := all(t, control.Logs.Open(t.Context(), w.client, control.LogsRequest{Last: control.All})); len(got) != 16 {
			t.Errorf("got %d lines of 64 KiB, want 16: a megabyte", len(got))
		}
	})
}

func TestASlowReaderMissesLinesIsToldHowManyAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		const total = 10 * controlhost.FollowBuffer
		got, missed, written := 0, 0, false
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		w.log.Info("first")
		for l, err := range control.Logs.Open(ctx, w.client, control.LogsRequest{Last: control.All, Follow: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; !written { // it takes no more until all are there
				written = true
				for range total {
					w.log.Info("more")
				}
				w.log.Info("last")
				synctest.Wait()
			}
			if missed += l.Missed; l.Message == "last" {
				break
			}
		}
		if missed == 0 || got+missed != total+2 {
			t.Errorf("got %d lines and missed %d, want %d together, and some missed", got, missed, total+2)
		}
	})
}

func TestWhatASlowReaderOfLongLinesHoldsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		const size, total = 32 << 10, 1000
		got, missed := 0, 0
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		w.log.Info("first")
		for l, err := range control.Logs.Open(ctx, w.client, control.LogsRequest{Last: control.All, Follow: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; got == 1 { // it takes no more until all are there
				for range total {
					w.log.Info(strings.Repeat("x", size))
				}
				w.log.Info("last")
				synctest.Wait()
			}
			if missed += l.Missed; l.Message == "last" {
				break
			}
		}
		if held := got * size; got+missed != total+2 || held > 4*controlhost.FollowBytes { // waiting, taken, and sent within the credit of the stream
			t.Errorf("got %d lines, %d bytes, and missed %d, want %d lines together and %d bytes at most", got, held, missed, total+2, 4*controlhost.FollowBytes)
		}
	})
}

func TestEventsBeginBeforeTheHostIsOpenAndGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "greeter"})
		next := make(chan control.Event)
		go func() {
			defer close(next)
			for e, err := range control.Events.Open(t.Context(), w.client, control.EventsRequest{Last: control.All, Follow: true}) {
				if err != nil {
					t.Error(err)
					return
				}
				next <- e
			}
		}()
		if a, b := <-next, <-next; a.To != "starting" || b.To != "ready" || b.From != "starting" || b.Plugin != "greeter" || b.PID == 0 || b.Time.IsZero() {
			t.Errorf("got %+v, %+v", a, b)
		}
		w.Crash("greeter", hosttest.Exit{Code: 2, Stderr: []string{"panic: no dictionary"}})
		if c := <-next; c.To != "failed" || !strings.Contains(c.Error, "no dictionary") {
			t.Errorf("got %+v", c)
		}
		w.record.End()
		if e, more := <-next; more {
			t.Errorf("after the end: %+v", e)
		}
	})
}

func TestOnlyTheLatestEventsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, hosttest.Plugin{Name: "greeter"})
		for range controlhost.KeptEvents {
			w.Plugin("greeter").Disable(t.Context())
			w.Plugin("greeter").Enable(t.Context())
		}
		if got := all(t, control.Events.Open(t.Context(), w.client, control.EventsRequest{Last: control.All})); len(got) != controlhost.KeptEvents || got[len(got)-1].To != "ready" {
			t.Errorf("got %d events, the last is %+v", len(got), got[len(got)-1])
		}
	})
}

func TestTheApplicationsOwnLoggerAndHookGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		events := 0
		c := host.Config{Logger: hclog.New(&hclog.LoggerOptions{Output: &out, Level: hclog.Debug}), Hooks: host.Hooks{Event: func(host.Event) { events++ }}}
		record := controlhost.Record(&c)
		h := hosttest.Open(t, c, hosttest.Plugin{Name: "greeter"})
		c.Logger.Debug("fine", "a", 1)
		if events != 2 || !strings.Contains(out.String(), "plugin ready: plugin=greeter") || !strings.Contains(out.String(), "fine: a=1") {
			t.Errorf("%d events, log %s", events, out.String())
		}
		client, _ := rpctest.Pair(t, nil, controlhost.Handlers(h.Host, controlhost.Options{Record: record}))
		lines := all(t, control.Logs.Open(t.Context(), client, control.LogsRequest{Last: control.All}))
		if len(lines) == 0 || lines[len(lines)-1].Message != "fine" {
			t.Errorf("a logger at level debug: what it logs is kept, got %+v", lines)
		}
	})
}

func TestWithoutARecorderLogsAreUnimplemented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Open(t, host.Config{})
		client, _ := rpctest.Pair(t, nil, controlhost.Handlers(h.Host, controlhost.Options{}))
		for _, err := range control.Logs.Open(t.Context(), client, control.LogsRequest{}) {
			if !errors.Is(err, rpc.Unimplemented) {
				t.Errorf("got %v", err)
			}
		}
	})
}
