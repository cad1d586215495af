package host_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/host/internal/seam"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// foreign is a worker of isolated-workers/1 on a real socket: a bubble has none.
func foreign(w *world, serve func(c *proctest.Child, conn net.Conn) int) host.Launch {
	w.t.Helper()
	w.Starter = proctest.New(func(c *proctest.Child) int {
		s, err := wire.ReadWorkerStartup(func(name string) string { return variable(c.Spec.Env, name) })
		if err != nil || s == nil {
			w.t.Errorf("start-up data: %+v, %v", s, err)
			return 1
		}
		listener, err := net.Listen("unix", s.SocketPath)
		if err != nil {
			w.t.Error(err)
			return 1
		}
		defer listener.Close()
		conn, err := listener.Accept()
		if err != nil {
			return 1
		}
		defer conn.Close()
		return serve(c, conn)
	})
	path := filepath.Join(w.config.Dir, "worker")
	w.write(path, "#!/bin/sh\n", 0o755)
	return host.Launch{Path: path, Protocol: rpc.ProtocolIsolatedWorkers, Host: w.config}
}

func variable(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

func TestAForeignWorkerIsStartedWithTheLibrarysVariablesAndNoOthers(t *testing.T) {
	w := newWorld(t)
	l := foreign(w, func(c *proctest.Child, conn net.Conn) int {
		worker := rpc.NewConn(c.Context(), conn, rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromPlugin, Handlers: rpc.NewMux(echo.Handle(echoed))})
		<-worker.Done()
		worker.Close()
		return 0
	})
	l.Env = []string{wire.WorkerSerializerEnv + "=Other", wire.StartupEnv + "=fd:9", "MODE=x"}
	l.Host.Timeouts.HostConnect = 2 * time.Second
	p, err := host.Start(w.ctx(), l)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := echo.Call(t.Context(), p, "grüß"); got != "grüß" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if p.Handles() != nil {
		t.Errorf("it handles %v, which nobody said", p.Handles())
	}
	if _, err := p.Ping(t.Context()); !errors.Is(err, rpc.Unimplemented) {
		t.Errorf("ping: %v", err)
	}
	spec := w.Starter.Started()[0].Spec()
	if len(spec.Startup) != 0 || spec.Listener != nil || !spec.Shutdown || variable(spec.Env, "MODE") != "x" {
		t.Errorf("spec %+v", spec)
	}
	for _, name := range []string{wire.WorkerSerializerEnv, wire.StartupEnv} {
		if slices.ContainsFunc(spec.Env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") }) {
			t.Errorf("%s is set", name)
		}
	}
	if path := variable(spec.Env, wire.WorkerSocketEnv); len(path) > 107 || variable(spec.Env, wire.WorkerTimeoutEnv) != "2000" ||
		variable(spec.Env, wire.WorkerStartupEnv) != `{"driver":"child_process","socketPath":"`+path+`","serializer":"JsonSerializer","serverConnectTimeout":2000}` {
		t.Errorf("environment %q", spec.Env)
	}
	p.Close()
	w.Starter.Wait()
}

func TestAForeignWorkerIsStoppedByClosingFirstThenSIGTERMThenSIGKILL(t *testing.T) {
	w := newWorld(t)
	l := foreign(w, func(c *proctest.Child, conn net.Conn) int {
		_, _ = io.Copy(io.Discard, conn)
		w.note("closed")
		<-c.Terminated()
		w.note("SIGTERM")
		<-c.Context().Done()
		w.note("SIGKILL")
		return 137
	})
	l.Host.Timeouts.Stop = 50 * time.Millisecond
	p, err := host.Start(w.ctx(), l)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	w.Starter.Wait()
	var got []string
	for _, n := range w.notes() {
		word, _, _ := strings.Cut(n, " ")
		got = append(got, word)
	}
	if !slices.Equal(got, []string{"closed", "SIGTERM", "SIGKILL"}) {
		t.Errorf("%v", w.notes())
	}
}

func TestAForeignWorkersCallsInFlightEndBeforeItIsStopped(t *testing.T) {
	w := newWorld(t)
	began, release := make(chan struct{}), make(chan struct{})
	slow := echo.Handle(func(_ context.Context, s string) (string, error) { close(began); <-release; return s, nil })
	l := foreign(w, func(c *proctest.Child, conn net.Conn) int {
		worker := rpc.NewConn(c.Context(), conn, rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromPlugin, Handlers: rpc.NewMux(slow)})
		<-worker.Done()
		return 0
	})
	p, err := host.Start(w.ctx(), l)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { _, err := echo.Call(context.Background(), p, "hi"); result <- err }()
	<-began
	closed := make(chan struct{})
	go func() { p.Close(); close(closed) }()
	close(release)
	if err := <-result; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	<-closed
	w.Starter.Wait()
}

func TestAForeignWorkerThatDoesNotListenIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(*proctest.Child) int
		want []string
	}{
		"exits":  {func(*proctest.Child) int { return 1 }, []string{"it ended before it was ready: exit status 1"}},
		"sleeps": {func(c *proctest.Child) int { <-c.Context().Done(); return 137 }, []string{"it does not listen", "not ready within 100ms (timeouts.start)", "no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			l := foreign(w, nil)
			w.Starter = proctest.New(c.run)
			l.Host.Timeouts.Start = 100 * time.Millisecond
			if name == "exits" {
				l.Host.Timeouts.Start = 10 * time.Second
			}
			_, err := host.Start(w.ctx(), l)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			w.Starter.Wait()
		})
	}
}

func TestASocketPathThatIsTakenIsLeftAlone(t *testing.T) {
	for _, protocol := range []string{rpc.ProtocolHotplug, rpc.ProtocolIsolatedWorkers} {
		w := newWorld(t)
		l := foreign(w, nil)
		ctx := seam.With(t.Context(), seam.Processes{Starter: w.Starter, Bind: host.BindSocket})
		l.Protocol, l.SocketPath = protocol, filepath.Join(w.config.RuntimeDir, "mine")
		w.write(l.SocketPath, "mine", 0o600)
		if _, err := host.Start(ctx, l); err == nil || !strings.Contains(err.Error(), l.SocketPath) {
			t.Errorf("%s: %v", protocol, err)
		}
		if text, err := os.ReadFile(l.SocketPath); string(text) != "mine" {
			t.Errorf("%s: what was there has %q, %v", protocol, text, err)
		}
	}
}

func TestAProtocolAndASerializerThatDoNotFitAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ protocol, serializer, want string }{
		{"http/3", "", `protocol "http/3" is not known: expected "hotplug/1" or "isolated-workers/1"`},
		{rpc.ProtocolIsolatedWorkers, "MessagePackSerializer", `serializer MessagePackSerializer: protocol "isolated-workers/1" has JsonSerializer and no other`},
	} {
		l := foreign(w, nil)
		l.Protocol, l.Serializer = c.protocol, c.serializer
		if _, err := host.Start(w.ctx(), l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	w.add("wrong", &fake{}, members{"protocol": rpc.ProtocolIsolatedWorkers, "serializer": "JsonSerializer"})
	w.config.Plugins = map[string]host.Settings{"wrong": {Serializer: "MessagePackSerializer"}}
	h := w.open()
	if failed := h.Failed(); len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "has JsonSerializer and no other") {
		t.Errorf("%+v", failed)
	}
}
