//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/store"
)

// badHosts are configurations with which no host opens. dir is a folder to spoil.
var badHosts = map[string]func(t *testing.T, c *host.Config, dir string){
	"no folder":         func(_ *testing.T, c *host.Config, _ string) { c.Dir = "" },
	"runtime is a file": func(t *testing.T, c *host.Config, dir string) { c.RuntimeDir = someFile(t, dir) },
	"runtime of another user": func(t *testing.T, c *host.Config, dir string) {
		c.RuntimeDir = ofAnotherUser(t, dir)
	},
	"runtime is open": func(t *testing.T, c *host.Config, dir string) {
		c.RuntimeDir = dir
		mustDo(t, os.Chmod(dir, 0o777))
	},
	"runtime below a file": func(t *testing.T, c *host.Config, dir string) {
		c.RuntimeDir = filepath.Join(someFile(t, dir), "below")
	},
	"runtime in proc": func(_ *testing.T, c *host.Config, _ string) { c.RuntimeDir = "/proc/self/task" },
	"store is a file": func(t *testing.T, c *host.Config, dir string) {
		mustDo(t, os.WriteFile(filepath.Join(dir, "store"), nil, 0o600))
		c.StateDir = dir
	},
	"store below a file": func(t *testing.T, c *host.Config, dir string) { c.StateDir = someFile(t, dir) },
	"store of another user": func(t *testing.T, c *host.Config, dir string) {
		mustDo(t, os.Mkdir(filepath.Join(dir, "store"), 0o700))
		ofAnotherUser(t, filepath.Join(dir, "store"))
		c.StateDir = dir
	},
	"store is open": func(t *testing.T, c *host.Config, dir string) {
		mustDo(t, os.Mkdir(filepath.Join(dir, "store"), 0o700))
		mustDo(t, os.Chmod(filepath.Join(dir, "store"), 0o777))
		c.StateDir = dir
	},
	"lock is a folder": func(t *testing.T, c *host.Config, dir string) {
		mustDo(t, os.Mkdir(filepath.Join(dir, "host.lock"), 0o700))
		c.StateDir = dir
	},
	"grant": func(_ *testing.T, c *host.Config, _ string) { c.Grant = []string{"app*"} },
	"grant for one": func(_ *testing.T, c *host.Config, _ string) {
		c.Plugins = map[string]host.Settings{"greeter": {Grant: []string{""}}}
	},
	"limit": func(_ *testing.T, c *host.Config, _ string) { c.Limits.Frame = -1 },
	"limit for one": func(_ *testing.T, c *host.Config, _ string) {
		c.Plugins = map[string]host.Settings{"greeter": {Limits: host.Limits{Streams: -1}}}
	},
	"no home": func(t *testing.T, c *host.Config, _ string) {
		t.Setenv("HOME", "")
		t.Setenv("XDG_CACHE_HOME", "")
		c.StateDir = ""
	},
}

func someFile(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "file")
	mustDo(t, os.WriteFile(path, nil, 0o600))
	return path
}

// ofAnotherUser gives a folder away, which only root can.
func ofAnotherUser(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Skipf("only root can give a folder away: %v", err)
	}
	return dir
}

func TestErrorsOfOpeningAHost(t *testing.T) {
	c := openChapter(t, "Opening a host")
	c.asWritten(byLuck, "runtime folder PATH: it was removed")
	for name, spoil := range badHosts {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, func(config *host.Config) { spoil(t, config, t.TempDir()) })
			c.meets(err)
		})
	}
	dir := t.TempDir()
	_, err := open(t, func(config *host.Config) { config.StateDir = dir })
	mustDo(t, err)
	_, err = open(t, func(config *host.Config) { config.StateDir = dir })
	c.meets(err)
	_, err = host.Start(t.Context(), host.Launch{Path: "/bin/true", MaxMemory: -1})
	c.meets(err)
	_, err = host.Start(t.Context(), host.Launch{})
	c.meets(err)
	_, err = host.Start(t.Context(), host.Launch{Path: "/bin/true", Serializer: "MoonSerializer"})
	c.meets(err)
	c.asWritten(byLuck, "lock state folder", "runtime folder PATH: it was removed", "runtime folder: CAUSE", "runtime folder PATH: CAUSE", "plugins folder PATH")
	c.asWritten(shortage, "no space is left", "folder PATH is on a read-only", "this user may not write")
	if os.Getuid() != 0 {
		c.asWritten(otherUser, "runtime folder PATH belongs", "folder PATH belongs")
	}
}

// open opens a host on an empty folder, as a change of its configuration says.
func open(t *testing.T, change func(*host.Config)) (*host.Host, error) {
	t.Helper()
	config := host.Config{Name: "e2e", Dir: t.TempDir(), StateDir: t.TempDir(), RuntimeDir: t.TempDir(), Logger: hclog.NewNullLogger()}
	change(&config)
	h, err := host.Open(t.Context(), config)
	if err == nil {
		t.Cleanup(func() { h.Close() })
	}
	return h, err
}

// copies are the errors of copying a plugin's files to the store.
func (c *chapter) copies(t *testing.T) {
	t.Helper()
	for name, put := range badTrees {
		dir := t.TempDir()
		tree := put(t, dir)
		s, err := store.Open(t.TempDir())
		mustDo(t, err)
		tree.Root = dir
		if _, err := s.Put(t.Context(), tree); err == nil {
			t.Errorf("%s: it was copied", name)
		} else {
			c.meets(err)
		}
	}
	c.meets(changing(t))
	c.asWritten(byLuck, `files changed while they were copied: "PATH" was`)
}

// badTrees fill a plugin's folder, and say what of it to copy.
var badTrees = map[string]func(t *testing.T, dir string) store.Tree{
	"link out": func(t *testing.T, dir string) store.Tree {
		mustDo(t, os.Symlink("/bin/sh", filepath.Join(dir, "sh")))
		return store.Tree{}
	},
	"link to what is not selected": func(t *testing.T, dir string) store.Tree {
		someFile(t, dir)
		mustDo(t, os.Symlink("file", filepath.Join(dir, "link")))
		return store.Tree{Select: func(rel string) bool { return rel == "link" }}
	},
	"links in a circle": func(t *testing.T, dir string) store.Tree {
		mustDo(t, os.Symlink("b", filepath.Join(dir, "a")))
		mustDo(t, os.Symlink("a", filepath.Join(dir, "b")))
		return store.Tree{}
	},
	"a pipe": func(t *testing.T, dir string) store.Tree {
		mustDo(t, badEntries["pipe"](filepath.Join(dir, "pipe")))
		return store.Tree{}
	},
	"too many files": func(t *testing.T, dir string) store.Tree {
		path := someFile(t, dir)
		for i := range store.MaxFiles {
			mustDo(t, os.Link(path, path+string(rune('a'+i%26))+strings.Repeat("x", i/26%100)+strings.Repeat("y", i/2600)))
		}
		return store.Tree{}
	},
	"too many bytes": func(t *testing.T, dir string) store.Tree {
		mustDo(t, os.Truncate(someFile(t, dir), store.MaxBytes+1))
		return store.Tree{}
	},
	"no entry": func(*testing.T, string) store.Tree { return store.Tree{Entry: "run"} },
	"mode": func(t *testing.T, dir string) store.Tree {
		someFile(t, dir)
		return store.Tree{Entry: "file"}
	},
	"digest": func(t *testing.T, dir string) store.Tree {
		mustDo(t, os.Chmod(someFile(t, dir), 0o755))
		return store.Tree{Entry: "file", SHA256: strings.Repeat("0", 64)}
	},
}

// changing is the error of a tree that somebody writes to all the time.
func changing(t *testing.T) error {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		mustDo(t, os.WriteFile(filepath.Join(dir, name), make([]byte, 1<<20), 0o644))
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			_ = os.Truncate(filepath.Join(dir, "a"), int64(1<<20+i))
			_ = os.Truncate(filepath.Join(dir, "f"), int64(1<<20+i))
		}
	}()
	defer func() { stop(); <-done }()
	s, err := store.Open(t.TempDir())
	mustDo(t, err)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if _, err = s.Put(t.Context(), store.Tree{Root: dir}); err != nil {
			return err
		}
	}
	return nil
}
