//go:build linux

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/registry"
)

func TestARuleCountsAsBrokenOnceItsHostHasSeenThePlugin(t *testing.T) {
	tt := &torture{checker: newChecker(), site: site{dir: t.TempDir()}, hostileProgram: filepath.Join(t.TempDir(), "program")}
	for _, err := range []error{tt.make(), os.Mkdir(tt.plugins(), 0o700), os.WriteFile(tt.hostileProgram, []byte("#!/bin/sh\nexit 0 # "), 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.Open(t.Context(), host.Config{
		Name: "torture", Dir: tt.plugins(), StateDir: filepath.Join(tt.dir, "state"), RuntimeDir: tt.runtime(), Logger: hclog.NewNullLogger(),
		Watch: true, WatchOptions: registry.WatchOptions{Quiet: 500 * time.Millisecond}, // it is late, as on a machine with much to do
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	tt.host = h
	dice := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		if err := tt.breakRule("a row", dice); err != nil {
			t.Error(err)
		}
		if err := h.Plugin(hostile).Disable(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
