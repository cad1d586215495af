package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

func succeeds(context.Context) error { return nil }

func TestEachHookIsStatedAsAFeatureOnlyIfItIsSetAndParkAlways(t *testing.T) {
	for feature, s := range map[string]plugin.Server{
		"": {}, "start": {Start: succeeds}, "release": {Release: succeeds}, "resume": {Resume: succeeds}, "health": {Health: succeeds},
		"configure": {Configure: func(context.Context, json.RawMessage) error { return nil }},
		"snapshot":  {Snapshot: func(context.Context) (plugin.State, error) { return plugin.State{}, nil }},
		"restore":   {Restore: func(context.Context, plugin.State) error { return nil }},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, s)
			_, answer, err := l.try(l.Hello())
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"park"}
			if feature != "" {
				want = []string{feature, "park"}
			}
			if !slices.Equal(answer.Features, want) || len(answer.Handles) != 0 {
				t.Errorf("%q: features %q, handles %v", feature, answer.Features, answer.Handles)
			}
			l.ask()
			<-l.ended
		})
	}
}

func TestAHookThatIsNotSetIsUnimplemented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{})
		c, _ := l.connect()
		for name, call := range lifecycleCalls(c) {
			if err := call(t.Context()); !errors.Is(err, rpc.Unimplemented) {
				t.Errorf("%s: %v", name, err)
			}
		}
		l.goodbye(c)
		<-l.ended
	})
}

// lifecycleCalls are what a host may call, by name.
func lifecycleCalls(c rpc.Peer) map[string]func(context.Context) error {
	none := lifecycle.None{}
	return map[string]func(context.Context) error{
		"start": func(ctx context.Context) error { _, err := lifecycle.Start.Call(ctx, c, none); return err },
		"configure": func(ctx context.Context) error {
			_, err := lifecycle.Configure.Call(ctx, c, lifecycle.Config{})
			return err
		},
		"restore": func(ctx context.Context) error {
			_, err := lifecycle.Restore.Call(ctx, c, lifecycle.State{})
			return err
		},
		"snapshot": func(ctx context.Context) error { _, err := lifecycle.Snapshot.Call(ctx, c, none); return err },
		"health":   func(ctx context.Context) error { _, err := lifecycle.Health.Call(ctx, c, none); return err },
		"release":  func(ctx context.Context) error { _, err := lifecycle.Release.Call(ctx, c, none); return err },
		"resume":   func(ctx context.Context) error { _, err := lifecycle.Resume.Call(ctx, c, none); return err },
	}
}

func TestHooksGetWhatTheHostSaysAndItGetsWhatTheySay(t *testing.T) {
	for _, class := range []string{codec.Default, codec.JsonSerializer{}.Name()} {
		synctest.Test(t, func(t *testing.T) {
			var configs []string
			var kept plugin.State
			l := serve(t, plugin.Server{
				Configure: func(_ context.Context, c json.RawMessage) error { configs = append(configs, string(c)); return nil },
				Restore:   func(_ context.Context, s plugin.State) error { kept = s; return nil },
				Snapshot:  func(context.Context) (plugin.State, error) { return kept, nil },
			}, func(s *wire.Startup) { s.Serializer = class })
			c, _ := l.connect()
			for _, text := range []string{`{"a": 1}`, ""} {
				if _, err := lifecycle.Configure.Call(t.Context(), c, lifecycle.Config{JSON: []byte(text)}); err != nil {
					t.Error(err)
				}
			}
			if !slices.Equal(configs, []string{`{"a": 1}`, "null"}) {
				t.Errorf("%s: configured with %q", class, configs)
			}
			state := lifecycle.State{Schema: "kit/1", Data: []byte("\x00\xff state\n")}
			if _, err := lifecycle.Restore.Call(t.Context(), c, state); err != nil {
				t.Error(err)
			}
			if got, err := lifecycle.Snapshot.Call(t.Context(), c, lifecycle.None{}); err != nil || got.Schema != state.Schema || string(got.Data) != string(state.Data) {
				t.Errorf("%s: got %+v, %v", class, got, err)
			}
			l.goodbye(c)
			<-l.ended
		})
	}
}

// failing is a Server whose hooks, but Stop, all return an error, after calling their host.
func failing() plugin.Server {
	hook := func(ctx context.Context) error {
		if _, err := ask.Call(ctx, rpc.Caller(ctx), "hi"); err != nil {
			return err
		}
		return rpc.Errorf(rpc.Denied, "no licence")
	}
	return plugin.Server{
		Start: hook, Release: hook, Resume: hook, Health: hook,
		Configure: func(ctx context.Context, _ json.RawMessage) error { return hook(ctx) },
		Restore:   func(ctx context.Context, _ plugin.State) error { return hook(ctx) },
		Snapshot:  func(ctx context.Context) (plugin.State, error) { return plugin.State{}, hook(ctx) },
	}
}

func TestAnErrorOfAHookReachesTheHostAndEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, failing())
		c, _ := l.connect(ask.Handle(echoed))
		for name, call := range lifecycleCalls(c) {
			err := call(t.Context())
			if contains(t, err, "no licence"); !errors.Is(err, rpc.Denied) {
				t.Errorf("%s: code %s", name, rpc.CodeOf(err))
			}
		}
		l.goodbye(c)
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestHooksThatChangeThePluginNeverRunBesideOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		hook := func(context.Context) error {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			running.Add(-1)
			return nil
		}
		l := serve(t, plugin.Server{
			Start: hook, Release: hook, Resume: hook, Restore: func(ctx context.Context, _ plugin.State) error { return hook(ctx) },
			Configure: func(ctx context.Context, _ json.RawMessage) error { return hook(ctx) },
		})
		c, _ := l.connect()
		results := make(chan error, 2*len(lifecycleCalls(c)))
		for name, call := range lifecycleCalls(c) {
			if name == "snapshot" || name == "health" {
				continue
			}
			for range 2 {
				go func() { results <- call(context.Background()) }()
			}
		}
		for range 2 * 5 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if most.Load() != 1 {
			t.Errorf("%d at once", most.Load())
		}
		l.goodbye(c)
		<-l.ended
	})
}

func TestAHookThatWaitsForItsTurnEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{
			Start: func(ctx context.Context) error { time.Sleep(time.Minute); return nil }, Release: func(context.Context) error { t.Error("it ran"); return nil },
		})
		c, _ := l.connect()
		started := make(chan error, 1)
		go func() { _, err := lifecycle.Start.Call(context.Background(), c, lifecycle.None{}); started <- err }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := lifecycle.Release.Call(ctx, c, lifecycle.None{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := <-started; err != nil {
			t.Error(err)
		}
		l.goodbye(c)
		<-l.ended
	})
}
