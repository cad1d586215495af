package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

// opening opens the host in the background: its plugins may be starting for long.
func (w *world) opening(ctx context.Context) (opened chan *host.Host, failed chan error) {
	opened, failed = make(chan *host.Host, 1), make(chan error, 1)
	go func() {
		if h, err := host.Open(seam.With(ctx, w.Processes()), w.config); err != nil {
			failed <- err
		} else {
			opened <- h
		}
	}()
	return opened, failed
}

// starts is a Start hook that ends when the channel is closed.
func starts(ready chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestACallWaitsWhileThePluginStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ready := make(chan struct{})
		w.add("late", &fake{Handlers: []rpc.Handler{echo.Handle(echoed)}, Start: starts(ready)})
		first := w.add("first", &fake{})
		answered := make(chan struct{})
		w.config.Handlers = []rpc.Handler{host.Forward(echo, "late")}
		var got string
		var err error
		var waited time.Duration
		first.Serving = func(c *rpc.Conn) {
			go func() { // a call of another plugin, while Open is under way
				began := time.Now()
				got, err = echo.Call(context.Background(), c, "hi")
				waited = time.Since(began)
				close(answered)
			}()
		}
		opened, _ := w.opening(t.Context())
		time.Sleep(4 * time.Second)
		close(ready)
		h := <-opened
		defer h.Close()
		<-answered
		if got != "hi" || err != nil || waited != 4*time.Second {
			t.Errorf("got %q, %v after %s", got, err, waited)
		}
	})
}

func TestACallToAStartingPluginEndsAtItsDeadlineAndWasNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := echo.Call(ctx, host.StartingPlugin("late"), "hi")
		if d := time.Since(began); d != 3*time.Second || !errors.Is(err, rpc.Timeout) || rpc.Delivered(err) != rpc.NotDelivered {
			t.Errorf("after %s: %v, delivered %s", d, err, rpc.Delivered(err))
		}
		if want := `kit.echo: plugin "late" is still starting: context deadline exceeded`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	})
}

func TestACallFailsAtOnceAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("broken", &fake{Start: func(context.Context) error { return rpc.Errorf(rpc.NotFound, "no dictionary") }})
		w.add("off", &fake{})
		w.add("gone", &fake{})
		w.write(w.config.Dir+"/torn/plugin.json", `{"manifest": 1, "name": "torn"`, 0o644)
		w.config.Plugins = map[string]host.Settings{"off": {Disabled: true}}
		h := w.open()
		h.Plugin("gone").Close()
		began := time.Now()
		for name, want := range map[string]struct {
			code rpc.Code
			text string
		}{
			"broken": {rpc.Unavailable, `kit.echo: plugin "broken" is failed: its Start hook: no dictionary`},
			"off":    {rpc.Unavailable, `kit.echo: plugin "off" is disabled: `},
			"gone":   {rpc.Unavailable, `kit.echo: plugin "gone" is stopped: the host asked it to stop`},
			"torn":   {rpc.Unavailable, `kit.echo: plugin "torn" is failed: `},
			"gon":    {rpc.NotFound, `kit.echo: plugin "gon" is not installed in ` + w.config.Dir + `: did you mean "gone"?`},
			"xyzzy":  {rpc.NotFound, `kit.echo: plugin "xyzzy" is not installed in ` + w.config.Dir},
		} {
			p := h.Plugin(name)
			_, err := echo.Call(t.Context(), p, "hi")
			if rpc.CodeOf(err) != want.code || !strings.HasPrefix(err.Error(), want.text) || rpc.Delivered(err) != rpc.NotDelivered {
				t.Errorf("%s: %s, %v, delivered %s", name, rpc.CodeOf(err), err, rpc.Delivered(err))
			}
			if err := note.Send(t.Context(), p, "hi"); rpc.CodeOf(err) != want.code {
				t.Errorf("%s: notice: %v", name, err)
			}
			if _, err := p.Ping(t.Context()); rpc.CodeOf(err) != want.code {
				t.Errorf("%s: ping: %v", name, err)
			}
			if err := p.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("that took %s", d)
		}
	})
}
