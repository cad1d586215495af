//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

// workerBegin is what a host of the library sets, and the worker that has to make something of it.
type workerBegin struct {
	binary string
	env    []string
	code   int
}

// badWorkers are workers that cannot serve; @ is replaced by a path in a folder of the test.
var badWorkers = map[string]workerBegin{
	"no number":       {"counter", []string{wire.WorkerSocketEnv + "=@", wire.WorkerTimeoutEnv + "=soon"}, 1},
	"negative":        {"counter", []string{wire.WorkerStartupEnv + `={"socketPath":"@","serverConnectTimeout":-1}`}, 1},
	"a thread":        {"counter", []string{wire.WorkerStartupEnv + `={"driver":"worker_threads","socketPath":"@"}`}, 1},
	"no path":         {"counter", []string{wire.WorkerStartupEnv + `={"driver":"child_process"}`}, 1},
	"no JSON":         {"counter", []string{wire.WorkerStartupEnv + "=garbage"}, 1},
	"serializer":      {"oddity", []string{wire.WorkerSocketEnv + "=@", wire.WorkerSerializerEnv + "=MoonSerializer"}, 1},
	"calls its host":  {"oddity", []string{wire.WorkerSocketEnv + "=@", "ODDITY=uses"}, 1},
	"its Start hook":  {"oddity", []string{wire.WorkerSocketEnv + "=@", "ODDITY=no-start"}, 1},
	"nobody connects": {"counter", []string{wire.WorkerSocketEnv + "=@", wire.WorkerTimeoutEnv + "=100"}, 69},
}

func TestErrorsOfWorkersOfOtherLanguages(t *testing.T) {
	c := openChapter(t, "Workers of other languages")
	for name, begin := range badWorkers {
		t.Run(name, func(t *testing.T) {
			w, _ := begin.start(t)
			c.ends(w, begin.code)
		})
	}
	t.Run("stop", c.hangingWorker)
	t.Run("orphan", c.orphanedWorker)
	t.Run("calls", c.workersCalls)
	t.Run("starts", c.workersStarts)
	_, err := wire.IsolatedWorkers(wire.Worker).Append(nil, &wire.Frame{Kind: wire.Request, Type: "m"}, nil, 1<<20)
	c.meets(err)
	c.asWritten(otherSystem, `protocol "isolated-workers/1" uses named pipes`)
}

// start runs the worker, and returns its socket's path too.
func (b workerBegin) start(t *testing.T) (*worker, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e") // short: it is a socket's path
	mustDo(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	w := &worker{t: t, stderr: &bytes.Buffer{}, ended: make(chan struct{}), startup: &wire.Startup{Plugin: wire.Identity{Name: b.binary}, Socket: socket}}
	var env []string
	for _, variable := range b.env {
		env = append(env, strings.ReplaceAll(variable, "@", socket))
	}
	w.start(env)
	return w, socket
}

// hangingWorker is the error of a Stop hook that does not return.
func (c *chapter) hangingWorker(t *testing.T) {
	w, _ := workerBegin{binary: "oddity", env: []string{wire.WorkerSocketEnv + "=@", "ODDITY=stop-hang"}}.start(t)
	w.dial().Close()
	c.ends(w, 70)
}

// orphanedWorker is the error of a worker whose host ends before it connects: a shell that waits for the socket.
func (c *chapter) orphanedWorker(t *testing.T) {
	dir, err := os.MkdirTemp("", "e2e")
	mustDo(t, err)
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	socket := filepath.Join(dir, "s")
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", filepath.Join(binaries, "counter")+` & while ! test -S "$`+wire.WorkerSocketEnv+`"; do sleep 0.02; done`)
	cmd.Env = []string{wire.WorkerSocketEnv + "=" + socket, wire.WorkerTimeoutEnv + "=20000", "PATH=" + os.Getenv("PATH")}
	said, err := cmd.CombinedOutput() // ends when the worker has closed it, too
	mustDo(t, err)
	c.says(strings.TrimSpace(string(said)))
}

// workersCalls are the errors of calls to a worker.
func (c *chapter) workersCalls(t *testing.T) {
	profile := rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromHost}
	streams := rpc.NewMux(rpc.Stream[number, number]("counted").Handle(func(context.Context, number, func(number) error) error { return nil }))
	a, _ := rpctest.PairWith(t, profile, rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromPlugin, Handlers: streams})
	_, err := rpc.Method[number, number]("addResult").Call(t.Context(), a, number{})
	c.meets(err)
	const counted rpc.Stream[number, number] = "counted"
	for _, err := range counted.Open(t.Context(), a, number{}) {
		c.meets(err)
	}
	_, err = rpc.Method[number, number](counted).Call(t.Context(), a, number{})
	c.meets(err)
	_, err = a.Ping(t.Context())
	c.meets(err)
	_, err = doubled.Call(t.Context(), a, number{})
	c.meets(err)
	for _, answer := range []string{`7`, `{"message":""}`} {
		r := newRawPeer(t, nil, profile)
		go func() {
			line := make([]byte, 1024)
			n, _ := r.stream.Read(line)
			f, _ := wire.IsolatedWorkers(wire.Worker).Decode(bytes.TrimSpace(line[:n]))
			_, _ = r.stream.Write([]byte(`{"type":"` + string(doubled) + `Error","payload":` + answer + `,"tx":"` + f.Tx.String() + `"}` + "\n"))
		}()
		_, err := doubled.Call(t.Context(), r.conn, number{})
		c.meets(err)
	}
}

// workersStarts are the errors of hosts that start a worker.
func (c *chapter) workersStarts(t *testing.T) {
	s := newSite(t)
	start := func(change func(*host.Launch)) error {
		l := s.launch("counter")
		l.Protocol = rpc.ProtocolIsolatedWorkers
		change(&l)
		return second(host.Start(t.Context(), l))
	}
	taken := filepath.Join(s.runtime, "taken")
	listener, err := net.Listen("unix", taken)
	mustDo(t, err)
	defer listener.Close()
	c.meets(start(func(l *host.Launch) { l.Protocol = "hotplug/7" }))
	c.meets(start(func(l *host.Launch) { l.Serializer = "MessagePackSerializer" }))
	c.meets(start(func(l *host.Launch) { l.SocketPath = taken }))
	c.fits("it does not listen", start(func(l *host.Launch) {
		l.Path, l.Args, l.Host.Timeouts.Start = "/bin/sleep", []string{"60"}, 300*time.Millisecond
	}))
	c.says(s.log.mustFind(t, "plugin failed").fields["error"])
}
