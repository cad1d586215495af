package hosttest

import (
	"context"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/internal/fakeplugin"
	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/internal/leak"
)

// A Host is a host.Host whose plugins are the test's. All methods may be called concurrently; those that direct a plugin fail the test
// if it is none of the test's, or has no process.
type Host struct {
	*host.Host

	t       testing.TB
	members map[string]*member // does not change after Open
	own     leak.Group
}

// Open opens a host with these plugins installed and returns, as host.Open does, when each is ready or has failed; an error fails
// the test. Of c it replaces the folders (Dir, Path, StateDir, RuntimeDir) by ones that are removed at the test's end. Without a
// Logger the host's log goes to the test's output.
func Open(t testing.TB, c host.Config, plugins ...Plugin) *Host {
	t.Helper()
	h := &Host{t: t, members: map[string]*member{}}
	settle(t, &c)
	cast := fakeplugin.NewCast()
	for _, p := range plugins {
		if h.members[p.Name] != nil {
			t.Fatalf("two plugins have the name %q: give each its own", p.Name)
		}
		if err := fakeplugin.Install(c.Dir, p.Name, p.members()); err != nil {
			t.Fatalf("install %s: %v", p.Name, err)
		}
		h.members[p.Name] = p.engage()
		cast.Add(p.Name, h.members[p.Name].Plugin)
	}
	var err error
	h.own.Do(func() { h.Host, err = host.Open(seam.With(t.Context(), cast.Processes()), c) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.finish)
	return h
}

// settle gives a host its folders and its log.
func settle(t testing.TB, c *host.Config) {
	t.Helper()
	f := fakeplugin.NewFolders(t)
	c.Dir, c.Path, c.StateDir, c.RuntimeDir = f.Plugins, nil, f.State, f.Runtime
	if c.Logger == nil {
		c.Logger = hclog.New(&hclog.LoggerOptions{Name: "host", Level: hclog.Debug, Output: t.Output(), DisableTime: true})
	}
}

// finish closes the host and looks at what is left.
func (h *Host) finish() {
	for _, m := range h.members {
		if l := m.Launched(); l != nil {
			l.Thaw()
		}
	}
	if err := h.Close(); err != nil {
		h.t.Errorf("close the host: %v", err)
	}
	if left := h.own.Left(); left != "" {
		h.t.Errorf("the host is closed, and goroutines of it or its plugins are left:\n%s", left)
	}
}

// member is the plugin of a name.
func (h *Host) member(name string) *member {
	h.t.Helper()
	m := h.members[name]
	if m == nil {
		h.t.Fatalf("%q is no plugin of this test: it has to be among those given to Open", name)
	}
	return m
}

// running is the process of the plugin of a name.
func (h *Host) running(name string) *fakeplugin.Launched {
	h.t.Helper()
	l := h.member(name).Launched()
	if l == nil || !l.Active() {
		h.t.Fatalf("plugin %q has no process: it is %s", name, h.Plugin(name).Status().State)
	}
	return l
}

// Seen lists the calls and notices that have reached a plugin, by the names of their messages, in the order of their arrival: also those
// that it has not answered. Items of streams are not listed.
func (h *Host) Seen(name string) []string {
	h.t.Helper()
	m := h.member(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.seen)
}

// untilMoved directs a plugin and waits until the host has changed its state because of that, or is closed.
func (h *Host) untilMoved(name string, direct func()) {
	events := h.Events(context.Background())
	direct()
	for e := range events {
		if e.Plugin == name {
			return
		}
	}
}
