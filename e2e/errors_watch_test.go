//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/registry"
)

// warnings is a logger of registry.Watch; it sends each warning.
type warnings chan string

func (h warnings) Debug(string, ...any)      {}
func (h warnings) Warn(msg string, _ ...any) { h <- msg }

// logOfWatching is the log of a watch over a folder that is none and over a plugin that is written without a pause.
func (c *chapter) logOfWatching(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(s.plugins, "busy", "data")
	mustDo(t, os.MkdirAll(filepath.Dir(file), 0o755))
	mustDo(t, os.WriteFile(filepath.Join(s.plugins, "busy", "plugin.json"), []byte(`{"manifest": 1, "name": "busy", "version": "1.0.0", "entry": "data"}`), 0o644))
	mustDo(t, os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755))
	ctx, cancel := context.WithCancel(t.Context())
	warned, done, first := make(warnings, 8), make(chan error, 1), make(chan struct{}, 100)
	go func() {
		done <- registry.Watch(ctx, registry.Options{Path: []string{s.plugins, someFile(t, t.TempDir())}},
			registry.WatchOptions{Quiet: 10 * time.Millisecond, Poll: 5 * time.Millisecond, Logger: warned}, func(*registry.Registry) { first <- struct{}{} })
	}()
	await(t, first, "the first look")
	for seen, n := 0, 0; seen < 2; n++ {
		select {
		case text := <-warned:
			c.says(text)
			seen++
		default:
			mustDo(t, os.WriteFile(file, []byte("#!/bin/sh\n"+strings.Repeat("#", n%1000)), 0o755))
		}
	}
	cancel()
	mustDo(t, <-done)
}
