package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/subject"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/plugin/plugintest"
	"github.com/go-hotplug/hotplug/rpc"
)

// counting is a plugin that counts, and keeps its count across a reload.
func counting() plugin.Server {
	total := 0
	return plugin.Server{
		Handlers: []rpc.Handler{sleep.Handle(func(_ context.Context, n int) (int, error) { total += n; return total, nil })},
		Snapshot: func(context.Context) (plugin.State, error) {
			return plugin.State{Schema: "n", Data: []byte{byte(total)}}, nil
		},
		Restore: func(_ context.Context, s plugin.State) error {
			if s.Schema != "n" {
				return rpc.Errorf(rpc.Invalid, "unknown schema %q", s.Schema)
			}
			total = int(s.Data[0])
			return nil
		},
	}
}

func TestStateGoesFromOnePluginToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := plugintest.Start(t, counting(), plugintest.Host{}), plugintest.Start(t, counting(), plugintest.Host{})
		if _, err := sleep.Call(t.Context(), before, 40); err != nil {
			t.Fatal(err)
		}
		s, err := before.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := after.Restore(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if total, err := sleep.Call(t.Context(), after, 2); err != nil || total != 42 {
			t.Errorf("%d, %v", total, err)
		}
		if err := after.Restore(t.Context(), plugin.State{Schema: "other"}); !errors.Is(err, rpc.Invalid) {
			t.Errorf("another schema: %v", err)
		}
	})
}

func TestTheOtherHooksAreCalledAsAHostDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var did []string
		does := func(what string) func(context.Context) error {
			return func(context.Context) error { did = append(did, what); return nil }
		}
		p := plugintest.Start(t, plugin.Server{
			Release: does("release"), Resume: does("resume"), Health: does("health"),
			Configure: func(ctx context.Context, c json.RawMessage) error { return does(string(c))(ctx) },
		}, plugintest.Host{})
		ctx := t.Context()
		if err := errors.Join(p.Configure(ctx, json.RawMessage("{}")), p.Health(ctx), p.Release(ctx), p.Resume(ctx)); err != nil {
			t.Error(err)
		}
		if !slices.Equal(did, []string{"{}", "health", "release", "resume"}) {
			t.Errorf("did %q", did)
		}
	})
}

func TestAParkedPluginKeepsWhatItKnowsUntilUnparkOrItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plugintest.Start(t, counting(), plugintest.Host{})
		if _, err := sleep.Call(t.Context(), p, 40); err != nil {
			t.Fatal(err)
		}
		p.Park(time.Minute)
		if _, err := sleep.Call(t.Context(), p, 1); !errors.Is(err, rpc.Unavailable) {
			t.Errorf("while it is parked: %v", err)
		}
		time.Sleep(59 * time.Second)
		p.Unpark()
		if total, err := sleep.Call(t.Context(), p, 2); err != nil || total != 42 {
			t.Errorf("%d, %v", total, err)
		}
		p.Park(time.Minute)
		began := time.Now()
		if err := p.Wait(); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestAParkedPluginEndsWithItsTestOrByStopOrDie(t *testing.T) {
	for name, end := range map[string]func(*plugintest.Plugin) error{
		"test": func(*plugintest.Plugin) error { return nil }, "stop": (*plugintest.Plugin).Stop, "die": (*plugintest.Plugin).Die, "terminate": (*plugintest.Plugin).Terminate,
	} {
		synctest.Test(t, func(t *testing.T) {
			stops := 0
			if got := subject.Reports(t, func(t testing.TB) {
				p := plugintest.Start(t, plugin.Server{Stop: func(context.Context) error { stops++; return nil }}, plugintest.Host{})
				p.Park(time.Hour)
				if err := end(p); err != nil {
					t.Error(err)
				}
			}); len(got) != 0 || stops != 1 {
				t.Errorf("%s: reported %q, Stop ran %d times", name, got, stops)
			}
		})
	}
}
