package host_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/internal/fakeplugin"
	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

const (
	echo rpc.Method[string, string] = "kit.echo"
	hang rpc.Method[string, string] = "kit.hang"
	note rpc.Notice[string]         = "kit.note"
)

func echoed(_ context.Context, s string) (string, error) { return s, nil }

// hanging never answers by itself.
func hanging(ctx context.Context, _ string) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// members are what a manifest has besides name, version and entry.
type members map[string]any

// A fake is one plugin of a world.
type fake = fakeplugin.Plugin

// A world is a plugins folder with real files whose plugins are values: no process and no socket.
type world struct {
	*fakeplugin.Cast
	t      *testing.T
	config host.Config
	began  time.Time

	mu  sync.Mutex // guards log
	log []string   // what happened, with the time since began
}

// newWorld makes an empty one. In a bubble it must be made inside of it.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cast: fakeplugin.NewCast(), t: t, began: time.Now()}
	f := fakeplugin.NewFolders(t)
	w.config = host.Config{
		Name: "kit", Version: "1.0.0", Dir: f.Plugins, StateDir: f.State, RuntimeDir: f.Runtime, Logger: hclog.NewNullLogger(),
		Grant: []string{host.GrantAll},
	}
	return w
}

// ctx is one in which a host launches the plugins of this world.
func (w *world) ctx() context.Context { return seam.With(w.t.Context(), w.Processes()) }

// add installs a plugin in a folder of its name.
func (w *world) add(name string, f *fake, more ...members) *fake {
	w.t.Helper()
	m := members{"restart": members{"policy": "never"}, "permissions": members{"calls": []string{"*"}}} // tests of restarts, and of permissions, say otherwise
	for _, extra := range more {
		maps.Copy(m, extra)
	}
	if err := fakeplugin.Install(w.config.Dir, name, m); err != nil {
		w.t.Fatal(err)
	}
	w.cast(name, f)
	return f
}

// cast has a plugin launched whose name is that.
func (w *world) cast(name string, f *fake) {
	f.Told = func(what string) { w.note("%s: %s", name, what) }
	w.Add(name, f)
}

func (w *world) write(path, text string, mode os.FileMode) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
}

// open opens the host. It is closed at the end of the test, and the fake processes have returned then.
func (w *world) open() *host.Host {
	w.t.Helper()
	h, err := host.Open(w.ctx(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := h.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
		w.Starter.Wait()
	})
	return h
}

// note records what happened, and when.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...)+" "+time.Since(w.began).String())
}

func (w *world) notes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.log...)
}
