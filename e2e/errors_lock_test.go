//go:build linux

package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/lockfile"
)

// badLocks are lock files that say nothing.
func badLocks() []string {
	const hash = `"0000000000000000000000000000000000000000000000000000000000000000"`
	return []string{
		"{", "{}", `{"lock": 2}`, `{"lock": 1, "plugin": []}`, `{"lock": 1}`, `{"lock": 1, "plugins": [{}]}`, `{"lock": 1, "plugins": [], "plugins": []}`,
		`{"lock": 1, "plugins": [{"name": "a", "version": "1.0.0", "manifest": ` + strings.ToUpper(hash[:9]) + `", "platforms": {"any": {"entry": "a", "sha256": ` + hash + `, "files": ` + hash + `}}}]}`,
	}
}

func TestErrorsOfLockedPlugins(t *testing.T) {
	c := openChapter(t, "Locked plugins")
	for name, part := range map[string]func(*testing.T){"files": c.lockFiles, "hosts": c.lockedHosts, "command": c.lockCommand} {
		t.Run(name, part)
	}
}

// lockFiles are the errors of files that cannot be read or written.
func (c *chapter) lockFiles(t *testing.T) {
	dir := t.TempDir()
	l := lockfile.Lock{Folders: []string{dir}}
	for _, text := range badLocks() {
		mustDo(t, os.WriteFile(l.Path(), []byte(text), 0o644))
		_, err := l.Read()
		c.meets(err)
		c.meets(errors.Unwrap(err))
	}
	mustDo(t, os.Truncate(l.Path(), 17<<20))
	_, err := l.Read()
	c.fits("lock file PATH cannot be read", err)
	c.meets(errors.Unwrap(err))
	l.File = dir
	_, err = l.Read()
	c.meets(err)
	c.meets(errors.Unwrap(err))
	l.File = filepath.Join(dir, "nowhere", "x.lock")
	c.meets(l.Write(&lockfile.File{}))
}

// lockedHosts are the errors of hosts, and of plugins that they refuse.
func (c *chapter) lockedHosts(t *testing.T) {
	s := newSite(t)
	locked := func(config *host.Config) { config.Locked = true }
	config := s.config()
	locked(&config)
	_, err := host.Open(t.Context(), config)
	c.meets(err)

	s.put(edition{version: "1.0.0"})
	sh := newShell(t)
	s.locks(sh)
	s.put(edition{version: "1.0.0", name: "late", binary: "oddity"})
	h := s.openAsIs(locked)
	c.meets(failure(t, h, "late"))
	p := h.Plugin("oddity")
	dir := filepath.Join(s.plugins, "oddity")
	for begin, change := range map[string]func(){
		"its manifest": func() { s.put(edition{version: "1.1.0"}) },
		"its entry":    func() { s.replace(filepath.Join(dir, "oddity"), []byte("#!/bin/sh\n"), 0o755) },
		"its files":    func() { s.replace(filepath.Join(dir, "beside"), nil, 0o644) },
	} {
		s.put(edition{version: "1.0.0"})
		s.locks(sh)
		change()
		err := ofReload(p)
		c.fits(begin, err)
		c.meets(err)
		mustDo(t, os.RemoveAll(dir))
	}
	s.put(edition{version: "1.0.0"})
	l := lockfile.Lock{Folders: []string{s.plugins}}
	s.locks(sh)
	f, err := l.Read()
	mustDo(t, err)
	one := &f.Plugins[len(f.Plugins)-1]
	one.Platforms = map[string]lockfile.Build{"plan9/386": one.Platforms[lockfile.AnyPlatform]}
	mustDo(t, l.Write(f))
	c.fits("it is locked for", ofReload(p))
	mustDo(t, os.Remove(l.Path()))
	c.fits(`plugin "NAME" VERSION is not started`, ofReload(p))
}

// lockCommand are the errors of what cannot be locked, and of what has changed.
func (c *chapter) lockCommand(t *testing.T) {
	sh := newShell(t)
	sh.file("more/torn/plugin.json", string(manifestText(t, "torn", m{"version": "1.0.0", "entry": "none"})), 0o644)
	for _, said := range sh.line("$H lock more") {
		c.says(said)
		if _, cause, ok := strings.Cut(said, "cannot be locked: "); ok {
			c.says(cause)
			c.fits(`plugin "NAME" cannot be locked`, textError(said))
		}
	}
	for _, said := range sh.line("$H lock --check more") {
		c.says(said)
	}
	mustDo(t, os.RemoveAll(filepath.Join(sh.home, "more", "torn")))
	sh.file("more/good/plugin.json", string(manifestText(t, "good", m{"version": "1.0.0", "entry": "run"})), 0o644)
	sh.file("more/good/run", "#!/bin/sh\n", 0o755)
	for _, said := range sh.line("$H lock --check more") {
		c.says(said)
	}
}
