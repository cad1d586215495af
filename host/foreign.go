package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// foreign reports whether the process is a worker of the TypeScript library: no handshake, no goodbye, and it makes no calls.
func (s *spec) foreign() bool { return s.protocol == rpc.ProtocolIsolatedWorkers }

// checkProtocol says why the protocol cannot be spoken.
func (s *spec) checkProtocol() error {
	switch {
	case s.protocol == "" || s.protocol == rpc.ProtocolHotplug:
		return nil
	case !s.foreign():
		return fmt.Errorf("protocol %q is not known: expected %q or %q", s.protocol, rpc.ProtocolHotplug, rpc.ProtocolIsolatedWorkers)
	case s.keeps():
		return fmt.Errorf("disconnect.mode keep-alive: protocol %q has one connection for each process: use %q, or the mode shutdown", s.protocol, rpc.ProtocolHotplug)
	case s.serializer.Name() != wire.WorkerSerializer:
		return fmt.Errorf("serializer %s: protocol %q has %s and no other: set that one", s.serializer.Name(), s.protocol, wire.WorkerSerializer)
	case s.around.user != nil && s.socket == "":
		return fmt.Errorf("user %s: a worker of protocol %q makes its socket itself, and the folder for that is this host's alone: set host.Launch.SocketPath to a path where that user may make one, or use %q",
			s.around.user.Name, s.protocol, rpc.ProtocolHotplug)
	case runtime.GOOS == "windows":
		return errors.New(`protocol "isolated-workers/1" uses named pipes on Windows, which this version does not: use "hotplug/1" there`)
	}
	return nil
}

// startForeign starts a worker that binds the socket itself. Its lifeline carries no data and is armed all the same.
func (i *instance) startForeign(p proc.Spec) (err error) {
	if _, err := os.Lstat(i.socket); err == nil { // whoever listens there would be taken for the worker
		return fmt.Errorf("socket path %s is taken: remove what is there, or choose another path", i.socket)
	}
	if p.Env, err = i.foreignEnv(); err == nil {
		i.proc, err = i.env.processes.Starter.Start(p)
	}
	return err
}

// foreignEnv is the worker's environment. WorkerSerializerEnv is the worker's own affair, and StartupEnv would say that a host of
// hotplug/1 started it.
func (i *instance) foreignEnv() ([]string, error) {
	startup := wire.WorkerStartup{Driver: wire.WorkerDriver, SocketPath: i.socket, Serializer: wire.WorkerSerializer}
	if ms := i.spec.timeouts.HostConnect.Milliseconds(); ms <= wire.MaxWorkerTimeout {
		startup.ConnectTimeout = ms
	}
	own, err := startup.Environ()
	env := slices.DeleteFunc(slices.Clone(i.spec.env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == wire.WorkerSerializerEnv || name == wire.StartupEnv
	})
	return append(env, own...), err
}

// connectForeign connects as soon as the worker listens. What it handles it does not say.
func (i *instance) connectForeign(ctx context.Context) error {
	c, err := dialForeign(ctx, i.socket)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", i.socket, err)
	}
	i.hello = &wire.PluginHello{}
	i.conn = i.newConn(c)
	return nil
}

// How long to wait between two dials.
const (
	minDialPause = 2 * time.Millisecond
	maxDialPause = 10 * time.Millisecond
)

// dialForeign dials until somebody listens or ctx ends, with the process or the start time-out.
func dialForeign(ctx context.Context, path string) (net.Conn, error) {
	for pause := minDialPause; ; pause = min(pause+time.Millisecond, maxDialPause) {
		c, err := net.Dial("unix", path) // never waits
		if err == nil {
			return c, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, fmt.Errorf("it does not listen: %w (the last attempt: %w)", context.Cause(ctx), err)
		}
	}
}

// dismiss ends a worker that is idle: the connection first, since a worker of Node stays for as long as one is open.
func (i *instance) dismiss() {
	i.conn.Close()
	_ = i.proc.Terminate()
	if !i.ended(i.spec.timeouts.Stop) {
		i.log.Warn("not gone after SIGTERM, sending SIGKILL", "stop", i.spec.timeouts.Stop.String())
	}
}

// offers is what a plugin that is ready does, for people.
func (i *instance) offers() string {
	if i.spec.foreign() {
		return "listens; what it answers it does not say"
	}
	if len(i.hello.Handles) == 1 {
		return "answers 1 message"
	}
	return fmt.Sprintf("answers %d messages", len(i.hello.Handles))
}
