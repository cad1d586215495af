package host_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestTimeoutsOfSettingsGoBeforeConfigBeforeManifestBeforeDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{}, members{"timeouts": members{"start": "1s", "call": "1s", "stop": "1s"}})
		w.config.Timeouts = host.Timeouts{Start: 2 * time.Second, Call: 2 * time.Second}
		w.config.Plugins = map[string]host.Settings{"one": {Timeouts: host.Timeouts{Start: 3 * time.Second}}}
		got := w.open().Plugin("one").SpecTimeouts()
		if got.Start != 3*time.Second || got.Call != 2*time.Second || got.Stop != time.Second || got.HostConnect != 30*time.Second {
			t.Errorf("got %+v", got)
		}
	})
}

func TestANegativeLimitIsRefusedByOpen(t *testing.T) {
	for _, c := range []struct {
		limits host.Limits
		want   string
	}{
		{host.Limits{Frame: -1}, "Limits.Frame: found -1, want 1 or more, or 0 for the default"},
		{host.Limits{Inflight: -2}, "Limits.Inflight: found -2"},
		{host.Limits{Streams: -3}, "Limits.Streams: found -3"},
		{host.Limits{StreamItems: -4}, "Limits.StreamItems: found -4"},
		{host.Limits{StreamBytes: -5}, "Limits.StreamBytes: found -5"},
	} {
		w := newWorld(t)
		w.config.Limits = c.limits
		_, err := host.Open(w.ctx(), w.config)
		contains(t, err, "host.Config: "+c.want)
		w.config.Limits, w.config.Plugins = host.Limits{}, map[string]host.Settings{"one": {Limits: c.limits}}
		_, err = host.Open(w.ctx(), w.config)
		contains(t, err, `host.Config: Plugins["one"]: `+c.want)
	}
}

func TestLimitsOfConfigAndSettingsAreTheMostThatAManifestMayAskFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, name := range []string{"one", "two"} {
			w.add(name, &fake{}, members{"limits": members{"frame": "1GiB", "inflight": 5000, "streams": 4, "streamItems": 7, "streamBytes": "2KiB"}})
		}
		w.config.Limits = host.Limits{Frame: 1 << 20, Inflight: 100, Streams: 100}
		w.config.Plugins = map[string]host.Settings{"two": {Limits: host.Limits{Frame: 8 << 20, Inflight: 10, StreamItems: 3}}}
		h := w.open()
		want := wire.Limits{Frame: 1 << 20, Inflight: 100, Streams: 4, StreamItems: 7, StreamBytes: 2 << 10}
		if got := h.Plugin("one").SpecLimits(); got != want {
			t.Errorf("one: %+v, want %+v", got, want)
		}
		want.Inflight, want.StreamItems = 10, 3
		if got := h.Plugin("two").SpecLimits(); got != want {
			t.Errorf("two: %+v, want %+v", got, want)
		}
	})
}

func TestZeroInAManifestIsNoLimitAndNoWaitingToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slow := func(ctx context.Context) error {
			select {
			case <-time.After(10 * time.Hour):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		w.add("one", &fake{Deaf: true, Start: slow}, members{"timeouts": members{"start": "0s", "call": "0s", "stop": "0s", "hostConnect": "0s"}})
		h := w.open()
		if failed := h.Failed(); len(failed) != 0 {
			t.Fatal(failed)
		}
		began := time.Now()
		h.Close()
		if d := time.Since(began); d > time.Millisecond {
			t.Errorf("Close took %s", d)
		}
	})
}

func TestOverTakesOnlyWhatIsUnset(t *testing.T) {
	one := host.Timeouts{Start: 1, Call: 1, Drain: 1, Stop: 1, HostConnect: 1}
	two := host.Timeouts{Start: 2, Call: 2, Drain: 2, Stop: 2, HostConnect: 2}
	if one.Over(two) != one || (host.Timeouts{}).Over(two) != two {
		t.Errorf("%+v, %+v", one.Over(two), (host.Timeouts{}).Over(two))
	}
}

func TestADisabledPluginIsNotStartedAndNotFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{})
		w.config.Plugins = map[string]host.Settings{"one": {Disabled: true}}
		h := w.open()
		if s := h.Plugin("one").Status(); s.State != host.Disabled || s.Reason == "" || len(h.Failed()) != 0 || len(w.Starter.Started()) != 0 {
			t.Errorf("status %+v, failed %v", s, h.Failed())
		}
	})
}

func TestAPinnedVersionIsChosenOverAHigherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.add("one", &fake{})
		newer := filepath.Join(w.config.Dir, "one-2")
		w.write(filepath.Join(newer, "plugin.json"), `{"manifest": 1, "name": "one", "version": "2.0.0", "entry": "run"}`, 0o644)
		w.write(filepath.Join(newer, "run"), "#!/bin/sh\n", 0o755)
		var launched []string
		f.Begun = func(s *wire.Startup, _ *wire.HostHello) { launched = append(launched, s.Plugin.Version) }
		for _, pin := range []string{"", "1.0.0", "<2"} {
			w.config.Plugins = map[string]host.Settings{"one": {Pin: pin}}
			w.open().Close()
		}
		if !slices.Equal(launched, []string{"2.0.0", "1.0.0", "1.0.0"}) {
			t.Errorf("launched %q", launched)
		}
	})
}

func TestTheSerializerOfTheSettingsGoesBeforeTheManifests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var got []string
		begun := func(s *wire.Startup, h *wire.HostHello) { got = append(got, s.Serializer, h.Serializer) }
		w.add("one", &fake{Begun: begun}, members{"serializer": "JsonSerializer"})
		w.open().Close()
		w.config.Plugins = map[string]host.Settings{"one": {Serializer: "MessagePackSerializer"}}
		w.open().Close()
		w.config.Plugins = map[string]host.Settings{"one": {Serializer: "NoSuchSerializer"}}
		err := w.open().Plugin("one").Ready(t.Context())
		if err == nil || !strings.Contains(err.Error(), "NoSuchSerializer") || !strings.Contains(err.Error(), "plugin.json") {
			t.Error(err)
		}
		if !slices.Equal(got, []string{"JsonSerializer", "JsonSerializer", "MessagePackSerializer", "MessagePackSerializer"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestAPluginGetsOnlyTheEnvironmentThatIsAllowed(t *testing.T) {
	for name, value := range map[string]string{"LC_ALL": "C", "TZ": "UTC", "PASSWORD": "secret", "PROXY": "p", "OURS": "o", "HOTPLUG_STARTUP": "fd:4"} {
		t.Setenv(name, value)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Env = []string{"OURS"}
		w.add("one", &fake{}, members{"env": members{"allow": []string{"PROXY"}, "set": members{"TZ": "CET", "MODE": "x"}}, "args": []string{"-v"}})
		w.open()
		spec := w.Starter.Started()[0].Spec()
		for _, kv := range []string{"LC_ALL=C", "PROXY=p", "OURS=o", "MODE=x"} {
			if !slices.Contains(spec.Env, kv) {
				t.Errorf("%s is missing in %q", kv, spec.Env)
			}
		}
		for _, kv := range spec.Env {
			if name, _, _ := strings.Cut(kv, "="); name == "PASSWORD" || name == "HOTPLUG_STARTUP" {
				t.Errorf("%s was passed on", name)
			}
		}
		if slices.Index(spec.Env, "TZ=CET") < slices.Index(spec.Env, "TZ=UTC") {
			t.Errorf("the manifest's TZ does not count: %q", spec.Env)
		}
		if !slices.Equal(spec.Args, []string{"-v"}) || !spec.Shutdown || !strings.HasPrefix(spec.Path, w.config.StateDir) || filepath.Dir(spec.Path) != spec.Dir {
			t.Errorf("spec %+v", spec)
		}
	})
}

func TestTheDefaultStateFolderIsOneForEachNameAndPluginsFolder(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	seen := map[string]bool{}
	for _, c := range [][2]string{{"a", "x"}, {"a", "y"}, {"b", "x"}, {"../../etc", "x"}, {strings.Repeat("n", 300), "x"}, {"", "x"}} {
		dir, err := host.DefaultStateDir(c[0], c[1])
		cache, _ := os.UserCacheDir()
		if err != nil || seen[dir] || filepath.Dir(dir) != filepath.Join(cache, "hotplug") || len(filepath.Base(dir)) > 60 {
			t.Errorf("%q: %s, %v", c, dir, err)
		}
		seen[dir] = true
	}
	again, _ := host.DefaultStateDir("a", "x")
	if !seen[again] {
		t.Errorf("%s is another folder the second time", again)
	}
}

func TestOpenRefusesWhatIsWrongWithTheHostItself(t *testing.T) {
	if _, err := host.Open(t.Context(), host.Config{}); err == nil || !strings.Contains(err.Error(), "Dir is empty: name the plugins folder") {
		t.Error(err)
	}
	w := newWorld(t)
	w.config.Dir += "/none"
	if _, err := host.Open(w.ctx(), w.config); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestASocketPathOverTheLimitIsRefusedAndTheLimitNamed(t *testing.T) {
	limit := host.SocketPathLimit()
	if err := host.CheckSocketPath(strings.Repeat("x", limit)); err != nil {
		t.Error(err)
	}
	err := host.CheckSocketPath(strings.Repeat("x", limit+1))
	if err == nil || !strings.Contains(err.Error(), "set RuntimeDir to a shorter folder") {
		t.Error(err)
	}
}

func TestDialWaitsAsConfiguredAndNamesTheAttempts(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	second := func(int) time.Duration { return time.Second }
	for name, c := range map[string]struct {
		r     host.Reconnect
		least time.Duration
		count int
	}{
		"default":  {host.Reconnect{}, 3100 * time.Millisecond, 5},
		"capped":   {host.Reconnect{MaxDelay: 150 * time.Millisecond}, 700 * time.Millisecond, 5},
		"function": {host.Reconnect{Attempts: 3, Delay: second}, 3 * time.Second, 3},
		"both":     {host.Reconnect{Attempts: 2, Delay: second, MaxDelay: time.Millisecond}, 2 * time.Millisecond, 2},
		"many":     {host.Reconnect{Attempts: 70, MaxDelay: time.Second}, 67500 * time.Millisecond, 70},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := host.Dial(c.r, t.Context(), missing, nil)
			d := time.Since(began)
			if d < c.least || d >= c.least+time.Duration(c.count)*host.MaxJitter || err == nil || !strings.Contains(err.Error(), "no connection after ") {
				t.Errorf("%s: %s, %v", name, d, err)
			}
		})
	}
}

func TestDialEndsWithAnErrorForANegativeDelayAndWhenNobodyWillListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := host.Dial(host.Reconnect{Delay: func(int) time.Duration { return -1 }}, t.Context(), "x", nil)
		if err == nil || !strings.Contains(err.Error(), "returned -1ns for attempt 1: a delay cannot be negative") {
			t.Error(err)
		}
		exited := make(chan struct{})
		close(exited)
		if _, err := host.Dial(host.Reconnect{}, t.Context(), "x", exited); err == nil || !strings.Contains(err.Error(), "the process ended") {
			t.Error(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("why")
		cancel(why)
		if _, err := host.Dial(host.Reconnect{}, ctx, "x", nil); !errors.Is(err, why) {
			t.Errorf("%v, want the cause", err)
		}
	})
}

// speechless is JSON that cannot say goodbye.
type speechless struct{ codec.JsonSerializer }

func (speechless) Name() string { return "SpeechlessSerializer" }

func (s speechless) Append(dst []byte, v any) ([]byte, error) {
	b, err := s.JsonSerializer.Append(dst, v)
	if bytes.Contains(b, []byte("goodbye")) {
		return dst, errors.New("no words")
	}
	return b, err
}

func init() { codec.Register(speechless{}) }

func TestASerializerThatCannotSayGoodbyeIsRefusedBeforeAnythingIsStarted(t *testing.T) {
	const want = "serializer SpeechlessSerializer: a frame of kind goodbye cannot be encoded: no words: correct its Marshal"
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{}, nil)
		w.config.Plugins = map[string]host.Settings{"one": {Serializer: "SpeechlessSerializer"}}
		h := w.open()
		if err := h.Plugin("one").Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "plugin.json: "+want) {
			t.Errorf("Open: %v", err)
		}
		l := w.launch(&fake{})
		l.Serializer = "SpeechlessSerializer"
		if _, err := host.Start(t.Context(), l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start: %v", err)
		}
		if n := len(w.Starter.Started()); n != 0 {
			t.Errorf("%d processes were started", n)
		}
		h.Close()
	})
}
