//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
)

// A shelf is a plugins folder that is scanned and never run.
type shelf struct {
	t   *testing.T
	dir string
}

// put writes the manifest of a plugin whose entry is a script, in a folder of its own.
func (s shelf) put(name string, with m) string {
	s.t.Helper()
	dir := s.bare(name, with)
	mustDo(s.t, os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\n"), 0o755))
	return dir
}

// bare is put without the entry.
func (s shelf) bare(name string, with m) string {
	s.t.Helper()
	all := m{"version": "1.0.0", "entry": "run"}
	maps.Copy(all, with)
	dir := filepath.Join(s.dir, fmt.Sprint(name, "-", all["version"]))
	mustDo(s.t, os.MkdirAll(dir, 0o755))
	mustDo(s.t, os.WriteFile(filepath.Join(dir, "plugin.json"), manifestText(s.t, name, all), 0o644))
	return dir
}

func manifestText(t *testing.T, name string, with m) []byte {
	t.Helper()
	all := m{"manifest": 1, "name": name}
	maps.Copy(all, with)
	return jsonOf(t, all)
}

// reasons are what the registry says of what is on the shelf.
func (s shelf) reasons(o registry.Options) []string {
	s.t.Helper()
	o.Path = []string{s.dir}
	reg, err := registry.Scan(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, c := range reg.Found {
		if c.Reason != "" {
			out = append(out, c.Reason)
		}
	}
	return out
}

// badEntries put something wrong where the entry should be.
var badEntries = map[string]func(path string) error{
	"missing":        func(string) error { return nil },
	"link out":       func(p string) error { return os.Symlink("/bin/sh", p) },
	"link nowhere":   func(p string) error { return os.Symlink("nowhere", p) },
	"folder":         func(p string) error { return os.Mkdir(p, 0o755) },
	"pipe":           func(p string) error { return syscall.Mkfifo(p, 0o755) },
	"empty":          file("", 0o755),
	"mode":           file("#!/bin/sh\n", 0o644),
	"arm":            file(string(armProgram()), 0o755),
	"no interpreter": file("#!\n", 0o755),
	"CR LF":          file("#!/bin/sh\r\n", 0o755),
	"relative":       file("#!sh\n", 0o755),
	"gone":           file("#!/no/such/sh\n", 0o755),
	"env":            file("#!/usr/bin/env no-such-program\n", 0o755),
}

func TestErrorsOfInstalling(t *testing.T) {
	c := openChapter(t, "Installing")
	for name, put := range badEntries {
		s := shelf{t, t.TempDir()}
		mustDo(t, put(filepath.Join(s.bare("broken", nil), "run")))
		c.sayAll(name, s.reasons(registry.Options{}))
	}
	for name, prepare := range badFolders {
		s := shelf{t, t.TempDir()}
		c.sayAll(name, s.reasons(prepare(s)))
	}
	c.meets(inspected(t, filepath.Join(t.TempDir(), "notes.txt")))
	c.meets(explained(t, "nothing"))
	c.meets(explained(t, "oddityy"))
	c.scans(t)
	c.settings()
	c.asWritten(otherUser, "entry PATH cannot be read", "this user may not read it", "read plugins folder PATH: this user")
}

// sayAll checks the reasons that one case gave: at least one.
func (c *chapter) sayAll(name string, reasons []string) {
	c.t.Helper()
	if len(reasons) == 0 {
		c.t.Errorf("%s: nothing is said of it", name)
	}
	for _, r := range reasons {
		c.says(r)
	}
}

// badFolders fill a plugins folder, and say how to look at it.
var badFolders = map[string]func(shelf) registry.Options{
	"entry below a file": func(s shelf) registry.Options {
		s.put("a", m{"entry": "run/below"})
		return registry.Options{}
	},
	"another platform": func(s shelf) registry.Options {
		s.put("a", m{"entry": m{"plan9/arm": m{"path": "run"}}})
		return registry.Options{}
	},
	"lone with another entry": func(s shelf) registry.Options {
		return s.lone(m{"version": "1.0.0", "entry": "other"})
	},
	"lone with files": func(s shelf) registry.Options {
		return s.lone(m{"version": "1.0.0", "entry": "a", "files": []string{"*.txt"}})
	},
	"no manifest": func(s shelf) registry.Options {
		mustDo(s.t, os.WriteFile(filepath.Join(s.dir, "program"), []byte("#!/bin/sh\n"), 0o755))
		mustDo(s.t, os.Mkdir(filepath.Join(s.dir, "empty"), 0o755))
		mustDo(s.t, os.Symlink("nowhere", filepath.Join(s.dir, "dangling")))
		return registry.Options{}
	},
	"manifest is a folder": func(s shelf) registry.Options {
		mustDo(s.t, os.MkdirAll(filepath.Join(s.dir, "a", "plugin.json"), 0o755))
		return registry.Options{}
	},
	"manifest is huge": func(s shelf) registry.Options {
		dir := s.put("a", nil)
		mustDo(s.t, os.WriteFile(filepath.Join(dir, "plugin.json"), make([]byte, 2<<20), 0o644))
		return registry.Options{}
	},
	"host, pin and disabled": func(s shelf) registry.Options {
		s.put("a", m{"host": ">=2"})
		s.put("b", nil)
		s.put("c", nil)
		s.put("d", m{"requires": m{"c": "*"}})
		return registry.Options{HostName: "site", HostVersion: "1.0.0", Pins: map[string]string{"b": "^2"}, Disabled: map[string]bool{"c": true}}
	},
	"versions": func(s shelf) registry.Options {
		s.put("a", nil)
		s.put("a", m{"version": "1.1.0"})
		mustDo(s.t, os.CopyFS(filepath.Join(s.dir, "z-copy"), os.DirFS(filepath.Join(s.dir, "a-1.1.0"))))
		s.put("needy", m{"requires": m{"c": "^1"}})
		s.put("c", nil)
		s.put("c", m{"version": "2.0.0"})
		return registry.Options{}
	},
	"requirements": func(s shelf) registry.Options {
		s.put("a", m{"requires": m{"zzzzzz": "*"}})
		s.put("b", m{"requires": m{"oddityy": "*"}})
		s.put("oddity", nil)
		s.put("c", m{"requires": m{"oddity": "^2"}})
		s.put("d", m{"requires": m{"a": "*"}})
		s.put("e", m{"requires": m{"f": "*"}})
		s.put("f", m{"requires": m{"e": "*"}})
		return registry.Options{}
	},
	"conflict": func(s shelf) registry.Options {
		s.put("a", m{"requires": m{"c": "^1"}})
		s.put("b", m{"requires": m{"c": "^2"}})
		s.put("c", nil)
		s.put("c", m{"version": "2.0.0"})
		return registry.Options{}
	},
}

func (s shelf) lone(with m) registry.Options {
	mustDo(s.t, os.WriteFile(filepath.Join(s.dir, "a"), []byte("#!/bin/sh\n"), 0o755))
	mustDo(s.t, os.WriteFile(filepath.Join(s.dir, "a.plugin.json"), manifestText(s.t, "a", with), 0o644))
	return registry.Options{}
}

func inspected(t *testing.T, path string) error {
	mustDo(t, os.WriteFile(path, []byte("text"), 0o644))
	return textError(registry.Inspect(path).Reason)
}

func explained(t *testing.T, name string) error {
	s := shelf{t, t.TempDir()}
	s.put("oddity", nil)
	reg, err := registry.Scan(t.Context(), registry.Options{Path: []string{s.dir}})
	mustDo(t, err)
	return textError(reg.Explain(name).String())
}

// scans are the errors of the scan itself.
func (c *chapter) scans(t *testing.T) {
	t.Helper()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	mustDo(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	for _, test := range []struct {
		ctx context.Context
		o   registry.Options
	}{
		{t.Context(), registry.Options{}},
		{t.Context(), registry.Options{Path: []string{dir}, HostName: "site", HostVersion: "two"}},
		{t.Context(), registry.Options{Path: []string{"/no/such/folder"}}},
		{t.Context(), registry.Options{Path: []string{"/dev/null"}}},
		{gone, registry.Options{Path: []string{dir}}},
	} {
		_, err := registry.Scan(test.ctx, test.o)
		c.meets(err)
	}
}

// settings are the errors of texts that programs parse too.
func (c *chapter) settings() {
	c.t.Helper()
	_, err := manifest.ParseConstraint("latest")
	c.meets(err)
	_, err = manifest.ParseConstraint(strings.Repeat("1", 10_000))
	c.meets(err)
	_, err = manifest.ParseDuration("30")
	c.meets(err)
	_, err = manifest.ParseDuration("-3s")
	c.meets(err)
	_, err = manifest.ParseSize("16MB")
	c.meets(err)
	c.meets(errors.Unwrap(wrappedOf(manifest.Load("/dev/null"))))
}

// wrappedOf is the error of a manifest that was loaded.
func wrappedOf(_ *manifest.Manifest, _ manifest.Warnings, err error) error { return err }
