package host_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// launch is a worker of this world: a file to execute, and what runs instead.
func (w *world) launch(f *fake) host.Launch {
	w.t.Helper()
	path := filepath.Join(w.config.Dir, "worker")
	w.write(path, "#!/bin/sh\n", 0o755)
	w.cast("worker", f)
	return host.Launch{Path: path, Host: w.config}
}

func TestAWorkerIsAPluginWithoutAFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l := w.launch(&fake{Handlers: []rpc.Handler{echo.Handle(echoed)}})
		l.Args, l.Env, l.Dir = []string{"-v"}, []string{"MODE=x"}, w.config.Dir
		p, err := host.Start(w.ctx(), l)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := echo.Call(t.Context(), p, "hi"); got != "hi" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		spec := w.Starter.Started()[0].Spec()
		if spec.Path != l.Path || spec.Dir != w.config.Dir || !slices.Equal(spec.Args, l.Args) || !slices.Contains(spec.Env, "MODE=x") {
			t.Errorf("spec %+v", spec)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(w.config.RuntimeDir)
		if err != nil || len(left) != 0 {
			t.Errorf("Close left %v, %v", left, err)
		}
		if _, err := os.Stat(w.config.StateDir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a worker has no store: %v", err)
		}
		w.Starter.Wait()
	})
}

func TestStartNamesTheFileAndLeavesNothingWhenItFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*host.Launch)
		want   string
	}{
		"path":       {func(l *host.Launch) { l.Path = "" }, "host.Launch: Path is empty: name the executable"},
		"memory":     {func(l *host.Launch) { l.MaxMemory = -1 }, "host.Launch: MaxMemory: found -1, want 1 or more, or 0 for the default"},
		"files":      {func(l *host.Launch) { l.MaxOpenFiles = -64 }, "host.Launch: MaxOpenFiles: found -64, want 1 or more"},
		"frame":      {func(l *host.Launch) { l.MaxFrame = -1 }, "host.Launch: MaxFrame: found -1, want 1 or more"},
		"inflight":   {func(l *host.Launch) { l.MaxInflight = -1 }, "host.Launch: MaxInflight: found -1, want 1 or more"},
		"streams":    {func(l *host.Launch) { l.MaxStreams = -1 }, "host.Launch: MaxStreams: found -1, want 1 or more"},
		"items":      {func(l *host.Launch) { l.StreamItems = -1 }, "host.Launch: StreamItems: found -1, want 1 or more"},
		"bytes":      {func(l *host.Launch) { l.StreamBytes = -1 }, "host.Launch: StreamBytes: found -1, want 1 or more"},
		"missing":    {func(l *host.Launch) { l.Path += "-none" }, "worker-none"},
		"serializer": {func(l *host.Launch) { l.Serializer = "NoSuch" }, "NoSuch"},
		"socket":     {func(l *host.Launch) { l.SocketPath = "/" + strings.Repeat("x", 200) }, "201 bytes long"},
		"crash":      {func(*host.Launch) {}, "it ended before it was ready: exit status 3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			l := w.launch(&fake{Instead: says("")})
			c.change(&l)
			begins := "start " + l.Path + ": "
			if strings.HasPrefix(c.want, "host.Launch: ") {
				begins = "host.Launch: "
			}
			p, err := host.Start(w.ctx(), l)
			if p != nil || err == nil || !strings.HasPrefix(err.Error(), begins) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			if left, _ := os.ReadDir(w.config.RuntimeDir); len(left) != 0 {
				t.Errorf("%s: left %v", name, left)
			}
			w.Starter.Wait()
		})
	}
	if _, err := host.Start(t.Context(), host.Launch{Path: "no-such-program"}); !errors.Is(err, exec.ErrNotFound) {
		t.Error(err)
	}
}

func TestForwardNeedsAHostWithPlugins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Handlers = []rpc.Handler{host.Forward(echo, "other")}
		said := make(chan error, 1)
		p, err := host.Start(w.ctx(), w.launch(&fake{Serving: func(c *rpc.Conn) {
			go func() {
				_, err := echo.Call(t.Context(), c, "hi")
				said <- err
			}()
		}}))
		if err != nil {
			t.Fatal(err)
		}
		if err := <-said; !errors.Is(err, rpc.Unimplemented) || !strings.Contains(err.Error(), "this worker's host has no plugins folder") {
			t.Error(err)
		}
		p.Close()
		w.Starter.Wait()
	})
}
