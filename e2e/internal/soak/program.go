package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"
)

// Short, so that much happens in little time.
const (
	rollbackWindow = 300 * time.Millisecond
	healthInterval = 500 * time.Millisecond
	healthMisses   = 3
	sickWindow     = 2 * healthMisses * healthInterval // probation of a version that runs for a while before it breaks
)

type members map[string]any

// manifest is a plugin.json.
func (c *chaos) manifest(name, mode string, more members) members {
	version := fmt.Sprintf("1.%d.0", c.version.Add(1))
	window := rollbackWindow
	if mode == crashesLater || mode == isSick {
		window = sickWindow
	}
	m := members{
		"manifest": 1, "name": name, "version": version, "entry": "soak", "args": []string{name},
		"env":     members{"set": map[string]string{recordsEnv: filepath.Join(c.records, name), modeEnv: mode, versionEnv: version}},
		"reload":  members{"rollbackWindow": window.String(), "quiesce": "500ms", "rollback": "stale"},
		"health":  members{"interval": healthInterval.String(), "misses": healthMisses},
		"restart": members{"max": 1_000_000, "backoff": "10ms", "maxBackoff": "100ms"},
	}
	if mode == hangsAtStart {
		m["timeouts"] = members{"start": "300ms"}
	}
	maps.Copy(m, more)
	return m
}

// inMode is a manifest that reloads in a mode.
func inMode(m members, mode string) members {
	m["reload"].(members)["mode"] = mode
	return m
}

// install puts a plugin's folder into place: its program, if there is none, then its manifest, whole.
func (c *chaos) install(name string, m members) error {
	dir := filepath.Join(c.folder, name)
	for _, d := range []string{dir, filepath.Join(c.records, name)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "soak")); errors.Is(err, fs.ErrNotExist) {
		if err := c.putProgram(name, 0); err != nil {
			return err
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.put(name, "plugin.json", func(out io.Writer) error { _, err := out.Write(text); return err })
}

// putProgram replaces a plugin's program: by this one, with so many bytes behind it, so that it is another and does the same.
func (c *chaos) putProgram(name string, behind int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	return c.put(name, "soak", func(out io.Writer) error {
		_, err := io.Copy(out, from)
		if err == nil {
			_, err = out.Write(make([]byte, behind))
		}
		return err
	})
}

// put writes a file of a plugin beside its place and renames it into that.
func (c *chaos) put(name, file string, write func(io.Writer) error) error {
	beside := filepath.Join(c.folder, "."+name+"-"+file)
	out, err := os.OpenFile(beside, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	err = write(out)
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(beside, filepath.Join(c.folder, name, file))
}
