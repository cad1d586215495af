//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// A site is the folders, the log and the traces of one test's host. At the test's end nothing of the host may be left.
type site struct {
	t                       *testing.T
	plugins, state, runtime string
	log                     *journal
	before                  resources

	mu        sync.Mutex // guards all below
	groups    []int      // of every process that a host started
	events    []host.Event
	shutdowns map[string]host.Shutdown
}

// m is a piece of a manifest.
type m map[string]any

func newSite(t *testing.T) *site {
	t.Helper()
	runtime, err := os.MkdirTemp("", "e2e") // short: it becomes a part of socket paths
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	s := &site{t: t, plugins: t.TempDir(), state: t.TempDir(), runtime: runtime, log: newJournal(), shutdowns: map[string]host.Shutdown{}}
	s.before = look()
	t.Cleanup(s.nothingIsLeft)
	return s
}

// install puts a plugin into the plugins folder: a link to a binary and a manifest.
func (s *site) install(name, binary string, with m) string {
	s.t.Helper()
	dir := s.installManifest(name, binary, with)
	if err := os.Link(filepath.Join(binaries, binary), filepath.Join(dir, binary)); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// installManifest puts a folder with a manifest and nothing else into the plugins folder.
func (s *site) installManifest(name, entry string, with m) string {
	s.t.Helper()
	manifest := m{"manifest": 1, "name": name, "version": "1.0.0", "entry": entry, "restart": m{"policy": "never"}, "permissions": m{"calls": []string{"*"}}} // tests of restarts, and of permissions, say otherwise
	maps.Copy(manifest, with)
	dir := filepath.Join(s.plugins, name+"-"+manifest["version"].(string))
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err == nil {
		err = os.Mkdir(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "plugin.json"), text, 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// crasher installs the crasher, which at start does what it is told.
func (s *site) crasher(start string, with m) {
	s.t.Helper()
	all := m{}
	if start != "" {
		all["env"] = m{"set": m{"CRASHER_START": start}}
	}
	maps.Copy(all, with)
	s.install("crasher", "crasher", all)
}

// oddity installs the oddity in one of its modes.
func (s *site) oddity(mode string, with m) {
	s.t.Helper()
	all := m{"env": m{"set": m{"ODDITY": mode}}}
	maps.Copy(all, with)
	s.install("oddity", "oddity", all)
}

func (s *site) config() host.Config {
	return host.Config{
		Name: "e2e", Version: "1.0.0", Dir: s.plugins, StateDir: s.state, RuntimeDir: s.runtime, Logger: s.log.logger, Grant: []string{host.GrantAll},
		Hooks: host.Hooks{WorkerSpawn: s.spawned, WorkerShutdown: s.shutDown, Event: s.event},
	}
}

func (s *site) spawned(w host.Worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, w.PID)
}

func (s *site) shutDown(w host.Worker, d host.Shutdown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdowns[w.Plugin] = d
}

func (s *site) event(e host.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// shutdown is how a plugin's process ended.
func (s *site) shutdown(name string) (host.Shutdown, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.shutdowns[name]
	return d, ok
}

// open opens a host on the folder, after a counter was installed beside the rest. It is closed with the test.
func (s *site) open(changes ...func(*host.Config)) *host.Host {
	s.t.Helper()
	s.install("counter", "counter", nil)
	return s.openAsIs(changes...)
}

func (s *site) openAsIs(changes ...func(*host.Config)) *host.Host {
	s.t.Helper()
	c := s.config()
	for _, change := range changes {
		change(&c)
	}
	h, err := host.Open(s.t.Context(), c)
	if err != nil {
		s.t.Fatalf("open: %v", err)
	}
	s.t.Cleanup(func() { s.close(h) })
	return h
}

func (s *site) close(h *host.Host) {
	s.t.Helper()
	start := time.Now()
	within(s.t, time.Minute, "host.Close", func() {
		if err := h.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	late := func(e entry) bool {
		return strings.Contains(e.message, "not gone in time") && strings.HasPrefix(e.fields["plugin"], "counter")
	}
	if n := s.log.count(late); n > 0 {
		s.t.Errorf("%d counters did not leave when they were asked to; Close took %s", n, time.Since(start))
	}
}

// goesOn fails the test unless the counter still answers.
func (s *site) goesOn(h *host.Host) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	before, err := counterGet.Call(ctx, h.Plugin("counter"), struct{}{})
	if err != nil {
		s.t.Errorf("the other plugin: %v", err)
		return
	}
	after, err := counterAdd.Call(ctx, h.Plugin("counter"), delta{By: 2})
	if err != nil || after.Value != before.Value+2 {
		s.t.Errorf("the other plugin counts %d and 2 as %d, %v", before.Value, after.Value, err)
	}
}

// failure is why a plugin does not run.
func failure(t *testing.T, h *host.Host, name string) error {
	t.Helper()
	for _, f := range h.Failed() {
		if f.Plugin == name {
			return f.Err
		}
	}
	t.Fatalf("plugin %s runs, it was expected to fail; its status: %+v", name, h.Plugin(name).Status())
	return nil
}

// says fails the test unless the error's text has all these parts.
func says(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
}

// until waits for something to become true, and fails the test if it does not.
func until(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	if !eventually(limit, is) {
		t.Fatalf("after %s: not %s", limit, what)
	}
}

func eventually(limit time.Duration, is func() bool) bool {
	end := time.Now().Add(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(end) {
			return false
		}
		<-tick.C
	}
	return true
}

// within runs a function that has to return in time.
func within(t *testing.T, limit time.Duration, what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("%s has not returned within %s\n%s", what, limit, stacks())
	}
}

var _ rpc.Peer = (*host.Plugin)(nil)
