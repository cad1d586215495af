package manifest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestLoadNamesTheFileInEveryProblem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin.json")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := manifest.Load(path)
	if err == nil {
		t.Fatal("Load accepted {}")
	}
	contains(t, err.Error(), path+":1:1: name: found no such key")
}

func TestLoadReadsWhatParseAccepts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin.json")
	if err := os.WriteFile(path, []byte(with(`"permissions": {"net": ["*"]}`)), 0o600); err != nil {
		t.Fatal(err)
	}
	m, warnings, err := manifest.Load(path)
	if err != nil || m.Name != "markdown" || len(warnings) != 1 || warnings[0].File != path {
		t.Errorf("got %+v, %v, %v", m, warnings, err)
	}
}

func TestLoadSaysThatAFileDoesNotExist(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin.json")
	_, _, err := manifest.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestLoadRefusesAFileOfAHundredMegabytesUnread(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin.json")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100<<20); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := manifest.Load(path)
	runtime.ReadMemStats(&after)
	if err == nil || err.Error() != "read manifest "+path+": found 104857600 bytes, want at most 1048576" {
		t.Fatalf("got %v", err)
	}
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 1<<19 {
		t.Errorf("refusing the file allocated %d bytes, so it was read", bytes)
	}
}

func TestLoadRefusesAFolder(t *testing.T) {
	_, _, err := manifest.Load(t.TempDir())
	if err == nil {
		t.Fatal("Load accepted a folder")
	}
	contains(t, err.Error(), "found a folder, want a regular file")
}
