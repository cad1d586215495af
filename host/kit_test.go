package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
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

// A world is a plugins folder with real files whose plugins are functions: no process and no socket.
type world struct {
	t       *testing.T
	starter *proctest.Starter
	config  host.Config
	began   time.Time

	mu    sync.Mutex // guards all below
	fakes map[string]*fake
	ends  map[string]net.Conn // the plugins' ends, by socket path
	log   []string            // what happened, with the time since began
}

// newWorld makes an empty one. In a bubble it must be made inside of it.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "hp") // t.TempDir has the test's name in it, and a socket path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{t: t, began: time.Now(), fakes: map[string]*fake{}, ends: map[string]net.Conn{}}
	w.starter = proctest.New(w.run)
	plugins, runtime := filepath.Join(dir, "plugins"), filepath.Join(dir, "run")
	for _, d := range []string{plugins, runtime} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.config = host.Config{
		Name: "kit", Version: "1.0.0", Dir: plugins, StateDir: filepath.Join(dir, "state"), RuntimeDir: runtime, Logger: hclog.NewNullLogger(),
	}.With(w.starter, w.bind)
	return w
}

// add installs a plugin in a folder of its name.
func (w *world) add(name string, f *fake, more ...members) *fake {
	w.t.Helper()
	m := members{"manifest": 1, "name": name, "version": "1.0.0", "entry": "run"}
	for _, extra := range more {
		maps.Copy(m, extra)
	}
	text, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	dir := filepath.Join(w.config.Dir, name)
	w.write(filepath.Join(dir, "plugin.json"), string(text), 0o644)
	w.write(filepath.Join(dir, "run"), "#!/bin/sh\nexit 0 # "+name+"\n", 0o755)
	w.mu.Lock()
	defer w.mu.Unlock()
	f.world, f.name = w, name
	w.fakes[name] = f
	return f
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
	h, err := host.Open(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := h.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
		w.starter.Wait()
	})
	return h
}

// bind is the host's binder: a pipe instead of a socket.
func (w *world) bind(path string) (net.Conn, *os.File, error) {
	here, there := pipe.New(0)
	w.mu.Lock()
	w.ends[path] = there
	w.mu.Unlock()
	return here, nil, nil
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

// run is every fake process.
func (w *world) run(c *proctest.Child) int {
	s, err := wire.ParseStartup(c.Spec.Startup)
	if err != nil {
		w.t.Errorf("start-up data: %v", err)
		return 65
	}
	w.mu.Lock()
	f, conn := w.fakes[s.Plugin.Name], w.ends[s.Socket]
	w.mu.Unlock()
	stop := context.AfterFunc(c.Context(), func() { conn.Close() }) // a process that is killed has no sockets
	defer stop()
	defer conn.Close()
	return f.live(c, s, wire.NewStream(conn))
}
