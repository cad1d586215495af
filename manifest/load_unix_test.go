//go:build !windows

package manifest_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestLoadRefusesWhatWouldBlockOrNeverEnd(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "plugin.json")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "found a named pipe", "/dev/zero": "found a device"} {
		_, _, err := manifest.Load(path)
		if err == nil {
			t.Fatalf("Load accepted %s", path)
		}
		contains(t, err.Error(), want)
	}
}
