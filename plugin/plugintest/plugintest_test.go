package plugintest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/subject"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/plugintest"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	sleep rpc.Method[int, int] = "kit.sleep"
	// other is Greet with another type.
	other rpc.Method[int, string] = "greeter.greet"
)

// sleeping takes n seconds.
func sleeping(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var ada = plugintest.Host{Handlers: []rpc.Handler{Lookup.Handle(func(context.Context, string) (string, error) { return "Ada", nil })}}

func TestItAnswersAndCallsItsHostInAndOutsideOfABubble(t *testing.T) {
	test := func(t *testing.T) {
		p := plugintest.Start(t, plugin.Server{Handlers: []rpc.Handler{Greet.Handle(greet)}, Uses: []rpc.Use{Lookup.Use()}}, ada)
		if text, err := Greet.Call(t.Context(), p, "7"); err != nil || text != "Hello, Ada" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	test(t)
	synctest.Test(t, test)
}

const count rpc.Stream[int, int] = "kit.count"

func TestStreamsPassTheKitToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plugintest.Start(t, plugin.Server{Handlers: []rpc.Handler{count.Handle(func(_ context.Context, n int, send func(int) error) error {
			for i := range n {
				if err := send(i); err != nil {
					return err
				}
			}
			return nil
		})}}, plugintest.Host{})
		want := 0
		for i, err := range count.Open(t.Context(), p, 1000) {
			if err != nil || i != want {
				t.Fatalf("item %d: %d, %v", want, i, err)
			}
			want++
		}
		if want != 1000 {
			t.Errorf("%d items", want)
		}
	})
}

func TestStopFinishesCallsAndRunsTheStopHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := time.Time{}
		began := time.Now()
		p := plugintest.Start(t, plugin.Server{
			Handlers: []rpc.Handler{sleep.Handle(sleeping)}, Stop: func(context.Context) error { stopped = time.Now(); return errors.New("disk full") },
		}, plugintest.Host{})
		result := make(chan error, 1)
		go func() {
			_, err := sleep.Call(context.Background(), p, 20)
			result <- err
		}()
		synctest.Wait()
		err := p.Stop()
		if plugin.ExitCode(err) != plugin.ExitSoftware || err.Error() != "stop: disk full" {
			t.Errorf("ended with %v", err)
		}
		if err := <-result; err != nil || stopped.Sub(began) != 20*time.Second {
			t.Errorf("the call in flight: %v; Stop ran after %s", err, stopped.Sub(began))
		}
	})
}

func TestTerminateIsAnsweredByTheHostsGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plugintest.Start(t, plugin.Server{}, plugintest.Host{})
		began := time.Now()
		if err := p.Terminate(); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestDieEndsHandlersAndRunsTheStopHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, stopped := false, false
		p := plugintest.Start(t, plugin.Server{
			Handlers: []rpc.Handler{sleep.Handle(func(ctx context.Context, n int) (int, error) {
				n, err := sleeping(ctx, n)
				ended = err != nil
				return n, err
			})},
			Stop: func(context.Context) error { stopped = true; return nil },
		}, plugintest.Host{})
		go func() { _, _ = sleep.Call(context.Background(), p, 20) }()
		synctest.Wait()
		if err := p.Die(); err != nil {
			t.Error(err)
		}
		if synctest.Wait(); !ended || !stopped {
			t.Errorf("the handler's context ended: %v; Stop ran: %v", ended, stopped)
		}
	})
}

func TestATestFailsWhoseStopHookOutlastsADeadHost(t *testing.T) {
	for took, want := range map[time.Duration]string{400 * time.Millisecond: "", time.Second: "the Stop hook was not over when the process group was killed"} {
		synctest.Test(t, func(t *testing.T) {
			got := subject.Reports(t, func(t testing.TB) {
				_ = plugintest.Start(t, plugin.Server{Stop: func(context.Context) error { time.Sleep(took); return nil }}, plugintest.Host{}).Die()
			})
			if want != "" {
				subject.Want(t, got, want)
			} else if len(got) != 0 {
				t.Errorf("after %s: %q", took, got)
			}
		})
	}
}

func TestAConnectionThatIsCutEndsThePlugin(t *testing.T) {
	p := plugintest.Start(t, plugin.Server{}, plugintest.Host{})
	p.Close()
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLaunchSaysWhyAndLeavesNothing(t *testing.T) {
	greets := []rpc.Handler{Greet.Handle(greet)}
	for name, c := range map[string]struct {
		server plugin.Server
		host   plugintest.Host
		want   string
		code   int
	}{
		"types":      {plugin.Server{Handlers: greets}, plugintest.Host{Uses: []rpc.Use{other.Use()}}, "greeter.greet", plugin.ExitSoftware},
		"uses":       {plugin.Server{Uses: []rpc.Use{Lookup.Use()}}, plugintest.Host{}, "app.lookup", plugin.ExitSoftware},
		"start hook": {plugin.Server{Start: func(context.Context) error { return rpc.Errorf(rpc.Denied, "no licence") }}, plugintest.Host{}, "its Start hook: no licence", plugin.ExitSoftware},
		"slow start": {plugin.Server{Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}, plugintest.Host{}, "not ready within 30s (timeouts.start)", plugin.ExitSoftware},
		"serializer": {plugin.Server{Serializer: codec.JsonSerializer{}}, plugintest.Host{}, "serializer mismatch", plugin.ExitConfig},
		"manifest":   {plugin.Server{Manifest: []byte(`{"manifest": 1, "name": "Greeter"}`)}, plugintest.Host{}, "plugin.json", plugin.ExitSoftware},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := plugintest.Launch(t, c.server, c.host)
				if err == nil || !strings.Contains(err.Error(), c.want) || plugin.ExitCode(err) != c.code {
					t.Errorf("got %v, code %d", err, plugin.ExitCode(err))
				}
			})
		})
	}
}

func TestTheManifestSaysSerializerAndTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := `{"manifest": 1, "name": "greeter", "version": "1.0.0", "entry": "greeter", "serializer": "JsonSerializer", "timeouts": {"start": "2s", "stop": "3s"}}`
		began := time.Now()
		p := plugintest.Start(t, plugin.Server{
			Manifest: []byte(own), Serializer: codec.JsonSerializer{}, Stop: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}, plugintest.Host{})
		if err := p.Stop(); err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		_, err := plugintest.Launch(t, plugin.Server{
			Manifest: []byte(own), Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}, plugintest.Host{})
		if err == nil || !strings.Contains(err.Error(), "2s (timeouts.start)") {
			t.Error(err)
		}
	})
}

func TestATestFailsThatLeavesAnErrorUnseen(t *testing.T) {
	server := plugin.Server{Stop: func(context.Context) error { return errors.New("disk full") }}
	unseen := subject.Reports(t, func(t testing.TB) { plugintest.Start(t, server, plugintest.Host{}) })
	subject.Want(t, unseen, "the plugin ended with exit code 70: stop: disk full")
	if seen := subject.Reports(t, func(t testing.TB) { _ = plugintest.Start(t, server, plugintest.Host{}).Stop() }); len(seen) != 0 {
		t.Errorf("reported %q", seen)
	}
}

func TestATestFailsThatLeavesAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forgotten := make(chan struct{})
		got := subject.Reports(t, func(t testing.TB) {
			plugintest.Start(t, plugin.Server{Start: func(context.Context) error { go func() { <-forgotten }(); return nil }}, plugintest.Host{})
		})
		subject.Want(t, got, "goroutines of it are left")
		close(forgotten)
	})
}

func TestATestFailsWhosePluginDoesNotStartOrEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := subject.Reports(t, func(t testing.TB) {
			plugintest.Start(t, plugin.Server{Uses: []rpc.Use{Lookup.Use()}}, plugintest.Host{})
		})
		subject.Want(t, got, "the plugin did not start: ")
		stuck := make(chan struct{})
		got = subject.Reports(t, func(t testing.TB) {
			plugintest.Start(t, plugin.Server{Stop: func(context.Context) error { <-stuck; return nil }}, plugintest.Host{})
		})
		subject.Want(t, got, "the plugin has not ended after 2m0s; what runs:")
		close(stuck)
	})
}
