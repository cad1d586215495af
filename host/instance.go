package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A spec is what to launch.
type spec struct {
	name, version string // version is empty for a worker without a manifest
	description   string
	installed     string // folder in the plugins folder
	warnings      []string
	tree          *store.Tree // what to copy and run; nil: run path as it is
	path          string
	dir           string // working folder; empty: the copy
	args          []string
	env           []string
	protocol      string // empty: hotplug/1
	serializer    codec.Serializer
	timeouts      Timeouts
	middleware    []rpc.Middleware
	txID          rpc.TxID
	limits        wire.Limits
	socket        string // empty: one of the runtime folder
}

func (s *spec) identity() wire.Identity { return wire.Identity{Name: s.name, Version: s.version} }

// title is name and version, as texts say them.
func (s *spec) title() string { return s.identity().Title() }

// An instance is one process of a plugin and the connection to it.
type instance struct {
	env     *environment
	spec    *spec
	log     quietLogger
	worker  Worker
	hash    string
	socket  string
	startup wire.Startup
	proc    proc.Process
	lines   *lines
	conn    *rpc.Conn
	hello   *wire.PluginHello
	asked   atomic.Bool   // the host asked it to end
	leaving chan struct{} // closed when the plugin says goodbye first
	left    sync.Once
	cleaned sync.Once
}

var errExited = errors.New("the process ended")

// launch starts a process and returns when it answers calls. On an error nothing is left of it.
func launch(ctx context.Context, env *environment, s *spec, generation int) (*instance, error) {
	i := &instance{env: env, spec: s, leaving: make(chan struct{}), worker: Worker{Plugin: s.name, Version: s.version, Generation: generation}}
	stream, err := i.start(ctx)
	if err != nil {
		return nil, err
	}
	if err := i.connect(ctx, stream); err != nil {
		return nil, i.abort(ctx, err)
	}
	return i, nil
}

// start copies the tree, binds the socket and starts the process on it. The connection that it returns waits in the socket's
// backlog until the plugin accepts; nil if the plugin has to bind the socket itself.
func (i *instance) start(ctx context.Context) (net.Conn, error) {
	p, err := i.place(ctx)
	if err != nil {
		return nil, err
	}
	i.socket = i.spec.socket
	if i.socket == "" {
		i.socket = i.env.runtime.socket()
	}
	if err := checkSocketPath(i.socket); err != nil {
		return nil, err
	}
	stream, err := i.run(p)
	if err != nil {
		return nil, err
	}
	i.worker.PID = i.proc.PID()
	i.log = i.env.log().with("plugin", i.spec.name, "pid", i.worker.PID)
	i.lines = follow(i.proc, i.log)
	i.env.spawned(i.worker)
	return stream, nil
}

// run binds the socket and starts the process. What was there before the socket stays there.
func (i *instance) run(p proc.Spec) (net.Conn, error) {
	if i.spec.foreign() {
		return nil, i.startForeign(p)
	}
	stream, listener, err := i.env.processes.Bind(i.socket)
	if err != nil {
		return nil, err
	}
	if listener != nil {
		defer listener.Close()
		p.Listener = listener
	}
	if p.Startup, err = i.startupLine(listener != nil); err == nil {
		i.proc, err = i.env.processes.Starter.Start(p)
	}
	if err != nil {
		if stream != nil {
			stream.Close()
		}
		os.Remove(i.socket)
		return nil, err
	}
	return stream, nil
}

// place returns what to execute: the copy in the store, or the path as it is.
func (i *instance) place(ctx context.Context) (proc.Spec, error) {
	s := proc.Spec{Path: i.spec.path, Args: i.spec.args, Env: i.spec.env, Dir: i.spec.dir, Shutdown: true}
	if i.spec.tree == nil {
		return s, nil
	}
	c, err := i.env.store.Put(ctx, *i.spec.tree)
	if err != nil {
		return s, fmt.Errorf("copy %s to the store: %w", i.spec.installed, err)
	}
	i.hash = c.Hash
	s.Path = joinSlash(c.Dir, c.Entry)
	if s.Dir == "" {
		s.Dir = c.Dir
	}
	return s, nil
}

// startupLine is what the process reads from its lifeline.
func (i *instance) startupLine(inherits bool) ([]byte, error) {
	t := i.spec.timeouts
	i.startup = wire.Startup{
		Hotplug: []int{wire.Version}, Socket: i.socket, Serializer: i.spec.serializer.Name(), Token: wire.NewSecret(), Answer: wire.NewSecret(),
		Plugin: i.spec.identity(), Host: i.env.info, Limits: i.spec.limits,
		LogLevel: i.env.logger.GetLevel().String(),
		Timeouts: wire.Timeouts{
			Start: t.Start.Milliseconds(), Call: t.Call.Milliseconds(), Stop: t.Stop.Milliseconds(),
			HostConnect: t.HostConnect.Milliseconds(), Handshake: wire.HandshakeTimeout.Milliseconds(),
		},
		Disconnect: wire.Disconnect{Mode: "shutdown"},
	}
	if inherits {
		i.startup.Listener = listenerDescriptor
	}
	return i.startup.Encode()
}

// listenerDescriptor is the number under which the process finds the listening socket.
const listenerDescriptor = 3

// connect does the handshake and runs the Start hook.
func (i *instance) connect(ctx context.Context, c net.Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-i.proc.Done():
			cancel(errExited)
		case <-ctx.Done():
		}
	}()
	if i.spec.foreign() {
		return i.connectForeign(ctx)
	}
	if c == nil {
		var err error
		if c, err = i.env.reconnect.dial(ctx, i.socket, i.proc.Done()); err != nil {
			return fmt.Errorf("connect to %s: %w", i.socket, err)
		}
	}
	stream := wire.NewStream(c)
	hello, err := i.handshake(ctx, stream)
	if err != nil {
		c.Close()
		return err
	}
	i.hello = hello
	i.conn = i.newConn(stream)
	return i.startHook(ctx)
}

// newConn makes the connection to a process whose hello was read.
func (i *instance) newConn(stream net.Conn) *rpc.Conn {
	return rpc.NewConn(i.env.base, stream, rpc.Options{
		Protocol: i.spec.protocol, Serializer: i.spec.serializer, Handlers: i.env.mux, PeerHandles: rpc.UsesOf(i.hello.Handles), Side: rpc.FromHost,
		MaxFrame: i.spec.limits.Frame, MaxInflight: i.spec.limits.Inflight, MaxStreams: i.spec.limits.Streams,
		StreamItems: i.spec.limits.StreamItems, StreamBytes: i.spec.limits.StreamBytes, CallTimeout: i.spec.timeouts.Call,
		Logger: i.log, Observe: i.env.observer(i.spec.name), OnGoodbye: i.heardGoodbye,
		Middleware: i.spec.middleware, TxID: i.spec.txID,
	})
}

func (i *instance) heardGoodbye(rpc.Goodbye) { i.left.Do(func() { close(i.leaving) }) }

// active reports whether the process runs.
func (i *instance) active() bool { return !isClosed(i.proc.Done()) }

// abort ends an instance that did not get as far as serving, and says why.
func (i *instance) abort(ctx context.Context, cause error) error {
	exited := errors.Is(cause, errExited)
	if !exited && ctx.Err() == nil {
		i.ended(exitGrace) // a plugin that closes the connection is most likely about to end, and its last words say why
	}
	if i.active() {
		i.asked.Store(true)
		report := i.bury("")
		return fmt.Errorf("%w%s", cause, report.tail())
	}
	report := i.bury("before it was ready")
	if !exited {
		report.Cause = cause
	}
	return report
}
