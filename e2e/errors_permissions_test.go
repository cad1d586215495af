//go:build linux

package e2e_test

import (
	"context"
	"testing"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// permissions are the errors of calls that a plugin may not make on its host: its manifest, the host or both do not say so.
func (c *chapter) permissions(t *testing.T) {
	t.Helper()
	s := newSite(t)
	s.install("nobody", "oddity", m{"permissions": m{"calls": []string{}}})
	s.install("host", "oddity", m{"permissions": m{"calls": []string{}}})
	s.install("manifest", "oddity", m{"permissions": m{"calls": []string{"e2e.*"}}})
	h := s.open(func(config *host.Config) {
		config.Handlers, config.Grant = new(oddityapi.Answers).Handlers(), nil
		config.Plugins = map[string]host.Settings{"host": {Grant: []string{host.GrantAll}}}
	})
	for _, name := range []string{"nobody", "host", "manifest"} {
		_, err := oddityapi.Relay.Call(t.Context(), h.Plugin(name), number{N: 1})
		c.meets(err)
	}
}

// logOfPermissions is the log of a host whose plugin calls what it may not, a notice among it.
func (c *chapter) logOfPermissions(t *testing.T) {
	s := newSite(t)
	s.oddity(oddityapi.ModeUses, m{"permissions": m{"calls": []string{}}})
	coffee := rpc.Method[struct{}, struct{}]("host.makeCoffee").Handle(func(context.Context, struct{}) (none struct{}, err error) { return none, nil })
	h := s.open(func(config *host.Config) { config.Handlers = append(new(oddityapi.Answers).Handlers(), coffee) })
	_, err := oddityapi.Tell.Call(t.Context(), h.Plugin("oddity"), number{N: 1})
	mustDo(t, err)
	s.log.await(t, "a call of it was refused")
	if _, ok := s.log.find("it says that it makes a call"); !ok {
		t.Error("nothing is said of what it uses")
	}
	c.loud(s.log)
}
