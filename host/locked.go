package host

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"github.com/go-hotplug/hotplug/internal/lockfile"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/registry"
)

// locked has a host run only what its lock file has. Its methods may be called concurrently; nil admits all.
type locked struct {
	lock lockfile.Lock

	mu      sync.Mutex      // guards all below; held while the file is read
	read    []byte          // the file as it was when it was last looked at for a change
	refused map[string]bool // plugins that were refused when they were last held against the file
}

// newLocked reads the lock file that c asks for; nil: it asks for none. A file that is not there, or says nothing, is an error.
func newLocked(c *Config) (*locked, error) {
	if !c.Locked {
		return nil, nil
	}
	l := &locked{lock: lockfile.Lock{File: c.LockFile, Folders: c.searchPath()}, refused: make(map[string]bool)}
	l.changed() // before it is read: what changes in between is told
	_, err := l.lock.Read()
	return l, err
}

// also are the files that a watch has to look at besides plugins.
func (l *locked) also() []string {
	if l == nil {
		return nil
	}
	return []string{l.lock.Path()}
}

// found is what a lock file has to have of an entry, but for the copy that is made of it; nil if no file is asked.
func (l *locked) found(e registry.Entry) *lockfile.Found {
	if l == nil {
		return nil
	}
	return &lockfile.Found{Name: e.Name, Version: e.Version.String(), Manifest: e.ManifestSum, Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

// admit is nil if the lock file, as it is now, has this copy of a plugin. A refusal is remembered before the file is read: whoever sees it
// change after that finds the plugin among the refused.
func (l *locked) admit(s *spec, c *store.Copy) error {
	if l == nil || s.found == nil {
		return nil
	}
	found := *s.found
	found.Build = lockfile.Build{Entry: c.Entry, SHA256: c.EntrySHA256, Files: c.Hash}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[found.Name] = true
	f, err := l.lock.Read()
	if err != nil {
		return fmt.Errorf("plugin %q %s is not started, since nothing says that it was accepted: %w", found.Name, found.Version, err)
	}
	if err := l.lock.Admit(f, found); err != nil {
		return err
	}
	delete(l.refused, found.Name)
	return nil
}

// has reports whether the lock file has this copy in any version of a plugin.
func (l *locked) has(name string, c *store.Copy) bool {
	if l == nil || c == nil {
		return l == nil
	}
	f, err := l.lock.Read()
	return err == nil && f.Has(name, c.Hash)
}

// changed reports whether the lock file is another than when it was asked last.
func (l *locked) changed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.read
	l.read, _ = l.lock.Bytes() // who is held against a file that cannot be read says so
	return !bytes.Equal(before, l.read)
}

// refuses reports whether a plugin was refused when it was last held against the file.
func (l *locked) refuses(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[name]
}

// relock has plugins that were refused held against a lock file that has changed since, those first that others require.
func (h *Host) relock(reg *registry.Registry) {
	l := h.env.locked
	if l == nil || !l.changed() {
		return
	}
	for _, level := range reg.Order() {
		for _, e := range level {
			p := h.handle(e.Name)
			if !l.refuses(e.Name) || h.isOff(e.Name) || p.knowsBetter(reg.Looked) {
				continue
			}
			if w := h.wishFor(reg, e.Name); w.spec != nil {
				w.reason = "the lock file has changed"
				p.send(w)
			}
		}
	}
}

// mayGoOn is why a process that an earlier host has left must not go on under a lock file: that has neither it nor what would follow it.
func (l *life) mayGoOn(r *record, next *spec) error {
	if l.p.env.locked.has(l.p.name, r.Copy) {
		return nil
	}
	_, err := l.p.env.copyOf(l.p.asked, next)
	return err
}
