//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
)

type members map[string]any

// A site is the folders of a host that is tortured, and what is installed there.
type site struct {
	dir      string
	versions atomic.Int64 // so many were made of all plugins
}

func (s *site) plugins() string { return filepath.Join(s.dir, "plugins") }
func (s *site) records() string { return filepath.Join(s.dir, "records") }
func (s *site) runtime() string { return filepath.Join(s.dir, "run") }
func (s *site) store() string   { return filepath.Join(s.dir, "state", "store") }

// make makes the folders in which others make what they need.
func (s *site) make() (err error) {
	for _, d := range []string{s.records(), s.runtime()} {
		if err == nil {
			err = os.MkdirAll(d, 0o700)
		}
	}
	return err
}

// manifest is a plugin.json of a new version.
func (s *site) manifest(name string, more members) members {
	m := members{
		"manifest": 1, "name": name, "version": fmt.Sprintf("1.%d.0", s.versions.Add(1)), "entry": "program", "args": []string{"plugin"},
		"env":      members{"set": map[string]string{recordsEnv: s.records()}},
		"reload":   members{"rollbackWindow": "300ms", "quiesce": "500ms"},
		"health":   members{"interval": "1s", "misses": 3},
		"restart":  members{"max": 1_000_000, "backoff": "10ms", "maxBackoff": "100ms"},
		"limits":   members{"memory": "64MiB", "openFiles": 256},
		"timeouts": members{"start": "10s", "drain": "2s", "stop": "500ms"},

		"permissions": members{"calls": []string{"torture.*"}},
	}
	maps.Copy(m, more)
	return m
}

// install puts a plugin's folder into place: program and manifest, each whole.
func (s *site) install(name, program string, m members) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.plugins(), name), 0o755); err != nil {
		return err
	}
	from, err := os.Open(program)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := s.put(name, "program", from, fmt.Appendf(nil, "%d", s.versions.Load())); err != nil {
		return err
	}
	return s.put(name, "plugin.json", nil, text)
}

// put writes a file beside its place and renames it into that.
func (s *site) put(name, file string, from io.Reader, behind []byte) error {
	beside := filepath.Join(s.dir, name+"-"+file)
	out, err := os.OpenFile(beside, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if from != nil {
		_, err = io.Copy(out, from)
	}
	if err == nil {
		_, err = out.Write(behind)
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(beside, filepath.Join(s.plugins(), name, file))
}

// beside is a program that lies beside this one.
func beside(name string) (string, error) {
	self, err := os.Executable()
	return filepath.Join(filepath.Dir(self), name), err
}

const (
	pluginProgram  = "torture-plugin"
	hostileProgram = "torture-hostile"
)
