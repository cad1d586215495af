package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

// kept is a manifest's: the plugin outlives its host by an hour.
var kept = members{"disconnect": members{"mode": "keep-alive", "timeout": "1h"}}

func TestADisconnectedPluginKeepsItsProcessAndItsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept)
		p := w.open().Plugin("one")
		before := p.Status()
		for round := 1; round <= 3; round++ {
			if got := count(t, p); got != fmt.Sprint(round) {
				t.Errorf("round %d: counted %s", round, got)
			}
			if err := errors.Join(p.Disconnect(t.Context()), p.Disconnect(t.Context())); err != nil {
				t.Fatal(err)
			}
			if s := p.Status(); s.State != host.Disconnected || s.Connected || !s.Active || s.PID != before.PID {
				t.Errorf("disconnected: %+v", s)
			}
			time.Sleep(59 * time.Minute)
			if err := errors.Join(p.Reconnect(t.Context()), p.Reconnect(t.Context())); err != nil {
				t.Fatal(err)
			}
			if s := p.Status(); s.State != host.Ready || !s.Connected || s.PID != before.PID || s.Generation != 1 {
				t.Errorf("connected again: %+v", s)
			}
		}
	})
}

func TestCallsOfADisconnectedPluginFailAtOnceAndWaitIfTheySaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}}, kept)
		p := w.open().Plugin("one")
		if err := p.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := echo.Call(t.Context(), p, "hi")
		if !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.NotDelivered || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		contains(t, err, `kit.echo: plugin "one" is disconnected: the host has disconnected, and its process stays`)
		waiting, cancel := context.WithTimeout(rpc.Wait(t.Context()), time.Minute)
		defer cancel()
		_, err = echo.Call(waiting, p, "hi")
		contains(t, err, `kit.echo: plugin "one" is still disconnected: context deadline exceeded`)
		answered := make(chan string, 1)
		go func() { text, err := echo.Call(rpc.Wait(t.Context()), p, "hi"); answered <- text + errorText(err) }()
		time.Sleep(10 * time.Second)
		if err := p.Reconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-answered; got != "hi" {
			t.Errorf("the call that waited: %s", got)
		}
	})
}

func TestDisconnectingFinishesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{Handlers: []rpc.Handler{echo.Handle(func(_ context.Context, s string) (string, error) { time.Sleep(5 * time.Second); return s, nil })}}, kept)
		p := w.open().Plugin("one")
		answered := make(chan string, 1)
		go func() { text, err := echo.Call(t.Context(), p, "hi"); answered <- text + errorText(err) }()
		synctest.Wait()
		began := time.Now()
		if err := p.Disconnect(t.Context()); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if got := <-answered; got != "hi" {
			t.Errorf("the call in flight: %s", got)
		}
	})
}

func TestAPluginThatEndsWithItsConnectionIsNotDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake)
		p := w.open().Plugin("one")
		for _, do := range []func(context.Context) error{p.Disconnect, p.Reconnect} {
			contains(t, do(t.Context()), `connect one: it ends with its connection (disconnect.mode shutdown): set "disconnect": {"mode": "keep-alive", "timeout": "1h"} in its plugin.json`)
		}
		count(t, p)
		if err := p.Disable(t.Context()); err != nil {
			t.Fatal(err)
		}
		contains(t, p.Reconnect(t.Context()), `reconnect one: reconnect: plugin "one" is disabled: it was disabled`)
	})
}

func TestAHostSettingSaysWhatItsPluginDoesWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var said wire.Disconnect
		w.add("one", &fake{Begun: func(s *wire.Startup, _ *wire.HostHello) { said = s.Disconnect }})
		w.config.Plugins = map[string]host.Settings{"one": {Disconnect: &manifest.Disconnect{Mode: manifest.DisconnectKeepAlive, Timeout: manifest.Duration(time.Minute)}}}
		if err := w.open().Plugin("one").Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if said != (wire.Disconnect{Mode: "keep-alive", Timeout: 60_000}) {
			t.Errorf("the start-up line says %+v", said)
		}
	})
}

func TestAProcessThatBreaksWhileItIsDisconnectedHasCrashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept, members{"restart": members{"policy": "on-failure"}})
		p := w.open().Plugin("one")
		if err := p.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Launched().Exit(3, "", "first", "last")
		synctest.Wait()
		s := p.Status()
		if s.State != host.Backoff || !strings.HasPrefix(s.Reason, "it ended while it was disconnected: exit status 3; it is started again in ") || !strings.Contains(s.Error, "first\n    last") {
			t.Errorf("%+v", s)
		}
		if err := p.Ready(t.Context()); err != nil || p.Status().Generation != 2 {
			t.Errorf("%v, %+v", err, p.Status())
		}
	})
}

func TestAProcessThatWasDisconnectedForItsTimeOutHasEndedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept, members{"restart": members{"policy": "on-failure"}})
		p := w.open().Plugin("one")
		if err := p.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		if s := p.Status(); s.State != host.Stopped || s.Active || s.Reason != "it ended by itself: it was disconnected, for at most 1h0m0s (disconnect.timeout)" {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhatIsInstalledWhileAPluginIsDisconnectedFollowsWhenItIsConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &newTally().fake, kept)
		p := w.open().Plugin("one")
		count(t, p)
		if err := p.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.release("1.1.0", "one", &newTally().fake, kept)
		w.reload(p)
		if s := p.Status(); s.Version != "1.1.0" || s.Generation != 2 || count(t, p) != "2" {
			t.Errorf("%+v", s)
		}
	})
}

func TestADisconnectedPluginEndsWithItsHostAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		h := w.open()
		if err := h.Plugin("one").Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil || f.Launched().Active() {
			t.Errorf("%v, it runs: %v", err, f.Launched().Active())
		}
		if s := h.Plugin("one").Status(); s.State != host.Stopped {
			t.Errorf("%+v", s)
		}
		if _, err := os.Stat(filepath.Join(w.config.StateDir, "instances")); !os.IsNotExist(err) {
			t.Errorf("its log files are left: %v", err)
		}
	})
}

func TestWhatAKeptPluginPrintsReachesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var log strings.Builder
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
		f := w.add("one", &newTally().fake, kept)
		h := w.open()
		f.Launched().Print("[WARN] careful", false)
		f.Launched().Print("plain", true)
		time.Sleep(time.Second)
		info, err := os.Stat(filepath.Join(w.config.StateDir, "instances"))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		h.Close()
		for _, want := range []string{"[WARN]  careful: pid=1000 plugin=one stream=stderr", "[INFO]  plain: pid=1000 plugin=one stream=stdout"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log.String())
			}
		}
	})
}

func contains(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestALongLogFileIsEmptiedOnceAllOfItIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &newTally().fake, kept)
		w.open()
		files, err := filepath.Glob(filepath.Join(w.config.StateDir, "instances", "one.*.stderr"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		size := func() int64 {
			info, err := os.Stat(files[0])
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v, %v", info, err)
			}
			return info.Size()
		}
		line := strings.Repeat("x", 60<<10)
		for range 20 {
			for range 8 {
				f.Launched().Print(line, false)
			}
			time.Sleep(time.Second)
		}
		if n := size(); n > 2<<20 {
			t.Errorf("the file has %d bytes, of %d written", n, 20*8*len(line))
		}
	})
}

func TestAHostThatIsFarBehindSkipsAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var log strings.Builder
		w.config.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
		f := w.add("one", &newTally().fake, kept)
		h := w.open()
		many := strings.Repeat(strings.Repeat("x", 63<<10)+"\n", 1<<10)
		f.Launched().Print(many+many+"the last one", false)
		time.Sleep(time.Minute)
		h.Close()
		for _, want := range []string{"lines of output were skipped: its log file is longer than the host follows: ", "the last one"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q", want)
			}
		}
	})
}
