//go:build linux

package e2e_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// An edition is a version of a plugin, to be put into the place of the one before.
type edition struct {
	version string
	name    string // empty: oddity
	binary  string // empty: the name
	mode    string // of the oddity
	env     m      // what its manifest sets besides
	with    m      // of its manifest
}

// put replaces the binary and then the manifest of a plugin, or installs them. No two versions have the same bytes.
func (s *site) put(e edition) {
	s.t.Helper()
	name := cmp.Or(e.name, "oddity")
	binary := cmp.Or(e.binary, name)
	env := m{oddityapi.EnvVersion: e.version, oddityapi.EnvMode: e.mode}
	maps.Copy(env, e.env)
	manifest := m{"manifest": 1, "name": name, "version": e.version, "entry": binary, "env": m{"set": env}, "restart": m{"policy": "never"}}
	maps.Copy(manifest, e.with)
	text, err := json.Marshal(manifest)
	mustDo(s.t, err)
	program, err := os.ReadFile(filepath.Join(binaries, binary))
	mustDo(s.t, err)
	dir := filepath.Join(s.plugins, name)
	mustDo(s.t, os.MkdirAll(dir, 0o755))
	s.replace(filepath.Join(dir, binary), append(program, e.version...), 0o755)
	s.replace(filepath.Join(dir, "plugin.json"), text, 0o644)
}

// replace has a file change at once.
func (s *site) replace(path string, content []byte, mode os.FileMode) {
	s.t.Helper()
	beside := filepath.Join(s.t.TempDir(), "new")
	mustDo(s.t, os.WriteFile(beside, content, mode))
	mustDo(s.t, os.Rename(beside, path))
}

// reload puts an edition into its place and has the plugin reloaded, whose process is another one then.
func (s *site) reload(p *host.Plugin, e edition) {
	s.t.Helper()
	s.put(e)
	before := p.Status().PID
	if err := p.Reload(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if now := p.Status().PID; now == before {
		s.t.Errorf("process %d still answers", now)
	}
}

// who asks the oddity who answers.
func who(t *testing.T, p *host.Plugin) oddityapi.Self {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	self, err := oddityapi.Who.Call(ctx, p, struct{}{})
	if err != nil {
		t.Errorf("who answers: %v; status %+v", err, p.Status())
	}
	return self
}

// answers fails the test unless this version answers.
func answers(t *testing.T, p *host.Plugin, version string) oddityapi.Self {
	t.Helper()
	self := who(t, p)
	if self.Version != version || p.Status().Version != version {
		t.Errorf("%+v answers, status %+v; want version %s", self, p.Status(), version)
	}
	return self
}

// isIn waits until a plugin is in a state.
func isIn(t *testing.T, p *host.Plugin, state host.State) {
	t.Helper()
	until(t, 30*time.Second, string(state), func() bool { return p.Status().State == state })
}

// isGone waits until a process has ended.
func isGone(t *testing.T, pid int) {
	t.Helper()
	until(t, 30*time.Second, "gone", func() bool { return !alive(pid) })
}

// connections is how many connections a process has to sockets that it listens on.
func connections(pid int) (n int) {
	table, _ := os.ReadFile("/proc/net/unix")
	held := slices.Collect(maps.Values(linksIn(fmt.Sprintf("/proc/%d/fd", pid))))
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // Num, RefCount, Protocol, Flags, Type, St, Inode, Path
		const connected = "03"
		if len(f) == 8 && f[5] == connected && slices.Contains(held, "socket:["+f[6]+"]") {
			n++
		}
	}
	return n
}
