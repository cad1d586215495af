package fakeplugin

import (
	"os"
	"path/filepath"
	"testing"
)

// Folders are those that a host needs.
type Folders struct{ Plugins, State, Runtime string }

// NewFolders makes them, empty; State does not exist yet. They are removed when the test ends.
func NewFolders(t testing.TB) Folders {
	t.Helper()
	dir, err := os.MkdirTemp("", "hp") // t.TempDir has the test's name in it, and a socket path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	f := Folders{Plugins: filepath.Join(dir, "plugins"), State: filepath.Join(dir, "state"), Runtime: filepath.Join(dir, "run")}
	for _, d := range []string{f.Plugins, f.Runtime} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return f
}
