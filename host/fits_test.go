package host_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// themed is a manifest's config: a theme is required, of two.
func themed(theme string) members {
	schema := members{"properties": members{"theme": members{"enum": []string{"dark", "light"}}}, "required": []string{"theme"}}
	return members{"config": members{"schema": schema, "default": members{"theme": theme}}}
}

func TestAConfigurationThatDoesNotFitItsSchemaIsRefusedBeforeAProcessIsStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add("one", &fake{}, themed("light"))
		w.add("two", &fake{}, themed("drak"))
		w.config.Plugins = map[string]host.Settings{"one": {Config: json.RawMessage(`{"theme": 3}`)}}
		h := w.open()
		for name, remedy := range map[string]string{
			"one": `/theme: expected one of "dark", "light", found 3: correct host.Config.Plugins["one"].Config, whose members go before those of config.default`,
			"two": `/theme: expected one of "dark", "light", found "drak": give what is missing with host.Config.Plugins["two"].Config, or correct config.default`,
		} {
			want := filepath.Join(w.config.Dir, name, "plugin.json") + `: the configuration of plugin "` + name + `" 1.0.0 does not fit its config.schema: ` + remedy
			if s := h.Plugin(name).Status(); s.State != host.Failed || s.Error != want || s.Reason != want {
				t.Errorf("got  %+v\nwant %s", s, want)
			}
		}
		if n := len(w.Starter.Started()); n != 0 {
			t.Errorf("%d processes were started", n)
		}
	})
}

func TestAConfigurationThatFitsStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		configured := make(chan string, 1)
		w.add("one", &fake{Configure: func(_ context.Context, c json.RawMessage) error { configured <- string(c); return nil }}, themed("drak"))
		w.config.Plugins = map[string]host.Settings{"one": {Config: json.RawMessage(`{"theme": "dark"}`)}} // what counts is what the hook gets
		if s := w.open().Plugin("one").Status(); s.State != host.Ready || <-configured != `{"theme":"dark"}` {
			t.Errorf("got %+v", s)
		}
	})
}

func TestANewConfigurationThatDoesNotFitIsRefusedAndWhatRunsGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var got []string
		f := &fake{Handlers: []rpc.Handler{named("one")}, Configure: func(_ context.Context, c json.RawMessage) error { got = append(got, string(c)); return nil }}
		w.add("one", f, themed("light"))
		p := w.open().Plugin("one")
		w.add("one", f, themed("drak"))
		err := p.Reload(t.Context())
		contains(t, err, `/theme: expected one of "dark", "light", found "drak"`)
		s := p.Status()
		if who(t, p) != "one" || s.State != host.Ready || s.Generation != 1 || len(got) != 1 {
			t.Errorf("got %+v, configured with %q", s, got)
		}
		if want := "1.0.0 goes on: what is installed now cannot run: "; !strings.HasPrefix(s.Reason, want) || !strings.Contains(s.Reason, "does not fit its config.schema") {
			t.Errorf("reason %q", s.Reason)
		}
		w.add("one", f, themed("dark"))
		w.reload(p)
		if s := p.Status(); s.State != host.Ready || got[len(got)-1] != `{"theme":"dark"}` {
			t.Errorf("got %+v, configured with %q", s, got)
		}
	})
}
