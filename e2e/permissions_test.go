//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestAPluginCallsOnItsHostWhatIsAskedForAndGrantedAndNothingElse(t *testing.T) {
	allowed := []string{string(oddityapi.Double), string(oddityapi.HostCount), string(oddityapi.Told)}
	errands := []string{
		string(oddityapi.Double), string(oddityapi.Keep), string(oddityapi.HostCount), string(oddityapi.HostSum), string(oddityapi.HostChat), string(oddityapi.Told),
	}
	for _, c := range []struct {
		name        string
		asks, grant []string
		line        string // of a refusal
	}{
		{"by the manifest", allowed, []string{"e2e.*"}, `"permissions": {"calls": ["e2e.double", "e2e.count", "e2e.told", "MESSAGE"]} in PATH`},
		{"by the host", []string{"e2e.*"}, allowed, `add "MESSAGE" to host.Config.Plugins["oddity"].Grant`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.oddity("", m{"permissions": m{"calls": c.asks}})
			s.twin("JsonSerializer")
			h := s.open(func(config *host.Config) {
				config.Handlers, config.Grant = forwarded("twin"), nil
				config.Plugins = map[string]host.Settings{"oddity": {Grant: c.grant}}
			})
			visit := visiting(t, h)
			for _, message := range errands {
				got := visit(oddityapi.Errand{Message: message, N: 3})
				may := slices.Contains(allowed, message)
				if may && got.Code != "" || !may && (got.Code != rpc.Denied || got.Delivered != fmt.Sprint(rpc.NotDelivered)) {
					t.Errorf("%s: %+v", message, got)
				}
				if !may {
					line := strings.NewReplacer("MESSAGE", message, "PATH", filepath.Join(s.plugins, "oddity-1.0.0", "plugin.json")).Replace(c.line)
					says(t, errors.New(got.Error), line)
				}
			}
			heard(t, h.Plugin("twin"), 3)
			if n := h.Plugin("oddity").Status().Denied; n != 3 {
				t.Errorf("%d calls were denied", n)
			}
			s.goesOn(h)
		})
	}
}

func TestAPluginThatAsksForMoreIsNotReplaced(t *testing.T) {
	s := newSite(t)
	asks := func(calls ...string) edition {
		return edition{version: "1.0.0", with: m{"permissions": m{"calls": append([]string{}, calls...)}}}
	}
	s.put(asks())
	h := s.open(func(config *host.Config) { config.Watch, config.Handlers = true, new(oddityapi.Answers).Handlers() })
	p := h.Plugin("oddity")
	pid := p.Status().PID
	errand := oddityapi.Errand{Message: string(oddityapi.Double), N: 3}
	if got := visiting(t, h)(errand); got.Code != rpc.Denied {
		t.Errorf("before: %+v", got)
	}
	s.put(asks("e2e.double"))
	until(t, 20*time.Second, "other permissions", func() bool { return p.Status().Reason == "it has other permissions" })
	if got := visiting(t, h)(errand); got.Code != "" || got.Sum != 6 {
		t.Errorf("afterwards: %+v", got)
	}
	if s := p.Status(); s.PID != pid || s.Generation != 1 {
		t.Errorf("another process: %+v", s)
	}
	s.goesOn(h)
}
