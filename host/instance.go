package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/store"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A process is one process of a plugin, whoever is connected to it.
type process struct {
	env     *environment
	spec    *spec
	log     quietLogger
	worker  Worker
	copied  *store.Copy // what it runs; nil: spec.path as it is
	socket  string
	startup wire.Startup
	proc    proc.Process
	lines   *lines
	kept    *kept    // nil: it ends with its host
	unkept  []string // limits that it is not held to, and why
	cleaned sync.Once

	asked    atomic.Bool             // the host asked it to end
	released atomic.Bool             // its Release hook has run, and Resume has not since
	permits  atomic.Pointer[permits] // what it may call on this host
}

// An instance is a connection to a process. A process that was parked gets a new instance when it comes back.
type instance struct {
	*process
	conn    *rpc.Conn
	hello   *wire.PluginHello
	leaving chan struct{} // closed when the plugin says goodbye first
	left    sync.Once
	parted  chan struct{}   // closed once goodbye was said: no notice is queued behind that
	turn    <-chan struct{} // closed when the instance before it has handled its notices; nil: there was none
	waiting atomic.Int32    // notices that wait for turn
	checks  atomic.Uint64   // calls of its Health hook
	held    hold

	answered atomic.Bool  // a call, or an item of a stream
	notified atomic.Int64 // notices that it was sent
}

var errExited = errors.New("the process ended")

// newInstance is an instance of a process that is not connected.
func newInstance(p *process) *instance {
	p.permits.CompareAndSwap(nil, p.spec.permits)
	return &instance{process: p, leaving: make(chan struct{}), parted: make(chan struct{}), held: newHold()}
}

// launch starts a process and returns when it has passed its handshake. On an error nothing is left of it.
func launch(ctx context.Context, env *environment, s *spec, generation int) (*instance, error) {
	i := newInstance(&process{env: env, spec: s, worker: Worker{Plugin: s.name, Version: s.version, Generation: generation}})
	stream, err := i.start(ctx)
	if err != nil {
		return nil, err
	}
	i.warnOfLimits()
	if err := i.whileAlive(ctx, func(ctx context.Context) error { return i.connect(ctx, stream) }); err != nil {
		return nil, i.abort(ctx, err)
	}
	return i, nil
}

// whileAlive runs f with a context that ends with the process, too.
func (i *instance) whileAlive(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-i.proc.Done():
			cancel(errExited)
		case <-ctx.Done():
		}
	}()
	return f(ctx)
}

// hash is that of the tree that runs; empty if nothing was copied.
func (p *process) hash() string {
	if p.copied == nil {
		return ""
	}
	return p.copied.Hash
}

// start copies the tree, binds the socket and starts the process on it. The connection that it returns waits in the socket's
// backlog until the plugin accepts; nil if the plugin has to bind the socket itself.
func (i *instance) start(ctx context.Context) (net.Conn, error) {
	p, err := i.place(ctx)
	if err == nil {
		err = i.furnish(&p)
	}
	var stream net.Conn
	if err == nil {
		stream, err = i.run(p)
	}
	if err != nil {
		i.kept.remove()
		return nil, err
	}
	i.worker.PID = i.proc.PID()
	i.noteStarted()
	i.log = i.env.log().with("plugin", i.spec.name, "pid", i.worker.PID)
	stdout, stderr := i.kept.streams(i.proc, i.log)
	i.lines = follow(stdout, stderr, i.log)
	i.env.spawned(i.worker)
	return stream, nil
}

// furnish says where the process listens, and where it writes to if it outlives this host.
func (i *instance) furnish(p *proc.Spec) (err error) {
	id := wire.NewSecret()[:8]
	switch {
	case i.spec.socket != "":
		i.socket = i.spec.socket
	case i.spec.keeps():
		i.socket, err = filepath.Join(i.env.sockets, id), makePrivate(i.env.sockets)
	default:
		i.socket, err = i.env.runtime.socket()
	}
	if err == nil {
		err = checkSocketPath(i.socket)
	}
	if err != nil || !i.spec.keeps() {
		return err
	}
	if i.kept, err = newKept(i.env.instances, i.spec.name, id); err != nil {
		return err
	}
	p.StdoutFile, p.StderrFile = i.kept.stdout.file, i.kept.stderr.file
	return nil
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
		err = i.note()
	}
	if err == nil {
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
	s := proc.Spec{Path: i.spec.path, Args: i.spec.args, Env: i.spec.env, Dir: i.spec.dir, Shutdown: !i.spec.keeps(), Log: i.env.log()}
	var err error
	if i.copied, err = i.env.copyToRun(ctx, i.spec); i.copied == nil {
		i.spec.around.confine(&s)
		return s, err
	}
	s.Path = joinSlash(i.copied.Dir, i.copied.Entry)
	if t := i.spec.tree; t != nil {
		s.Source = joinSlash(t.Root, t.Entry)
	}
	if s.Dir == "" {
		s.Dir = i.copied.Dir
	}
	if i.spec.around.user != nil {
		err = i.env.store.Share(*i.copied)
	}
	i.spec.around.confine(&s)
	return s, err
}

// copyOf is the copy in the store that a spec runs; nil: it runs a path as it is. A copy that was not made before is held against the lock file.
func (e *environment) copyOf(ctx context.Context, s *spec) (*store.Copy, error) {
	if s.tree == nil || s.copied != nil {
		return s.copied, nil
	}
	c, err := e.put(ctx, *s.tree)
	if err != nil {
		return nil, fmt.Errorf("copy %s to the store: %w", s.installed, err)
	}
	if err := e.locked.admit(s, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// put copies a tree to the store. For a host that is locked it reads what the store holds, and makes a copy anew that is not what its hash says: the store
// takes one for unaltered by its files' times.
func (e *environment) put(ctx context.Context, t store.Tree) (store.Copy, error) {
	c, err := e.store.Put(ctx, t)
	if err != nil || e.locked == nil || e.checkCopy(ctx, c) == nil {
		return c, err
	}
	return e.store.Put(ctx, t)
}

// copyToRun is copyOf for a process that is about to be started: what the store holds is what its hash says. A copy that is not, or is gone, is made anew
// if the plugins folder has the same files still.
func (e *environment) copyToRun(ctx context.Context, s *spec) (*store.Copy, error) {
	if s.copied == nil {
		return e.copyOf(ctx, s)
	}
	altered := e.checkCopy(ctx, *s.copied)
	if altered == nil {
		return s.copied, nil
	}
	if s.tree != nil {
		if c, err := e.store.Put(ctx, *s.tree); err == nil && c.Hash == s.copied.Hash {
			return s.copied, nil
		}
	}
	return nil, fmt.Errorf("%w: the plugins folder holds other files by now, so it cannot be made anew: reload the plugin to have it run those", altered)
}

// checkCopy is an error unless a copy is what was put into the store. For a host that is locked that is all of it: what was added was never accepted.
func (e *environment) checkCopy(ctx context.Context, c store.Copy) error {
	if e.locked != nil {
		return e.store.CheckExactly(ctx, c)
	}
	return e.store.Check(ctx, c)
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
		Disconnect: i.spec.disconnects(),
	}
	if inherits {
		i.startup.Listener = listenerDescriptor
	}
	return i.startup.Encode()
}

// listenerDescriptor is the number under which the process finds the listening socket.
const listenerDescriptor = 3

// connect does the handshake on c, or, if the plugin listens by itself, on a connection of its own.
func (i *instance) connect(ctx context.Context, c net.Conn) error {
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
	return nil
}

// newConn makes the connection to a process whose hello was read.
func (i *instance) newConn(stream net.Conn) *rpc.Conn {
	return rpc.NewConn(i.env.base, stream, rpc.Options{
		Protocol: i.spec.protocol, Serializer: i.spec.serializer, Handlers: i.env.mux, PeerHandles: rpc.UsesOf(i.hello.Handles), Side: rpc.FromHost,
		MaxFrame: i.spec.limits.Frame, MaxInflight: i.spec.limits.Inflight, MaxStreams: i.spec.limits.Streams,
		StreamItems: i.spec.limits.StreamItems, StreamBytes: i.spec.limits.StreamBytes, CallTimeout: i.spec.timeouts.Call,
		Logger: i.log, Observe: i.env.observer(i.spec.name), OnGoodbye: i.heardGoodbye,
		Middleware: i.spec.middleware, TxID: i.spec.txID, Permit: i.permit,
	})
}

func (i *instance) heardGoodbye(rpc.Goodbye) { i.left.Do(func() { close(i.leaving) }) }

// active reports whether the process runs.
func (p *process) active() bool { return !isClosed(p.proc.Done()) }

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
		report.Cause = crashCause(cause)
	}
	return report
}
