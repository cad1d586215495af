package plugin

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// exitWorker is the exit code of a worker that cannot serve its host: the library's.
const exitWorker = 1

// workerInflight is how many calls may run at once: a host of the library knows of no limit.
const workerInflight = 16 << 10

// A worker is one process that serves a host of the TypeScript library, in isolated-workers/1: one connection, without a handshake or a
// goodbye. There is no lifeline: the connection's end is the host's.
type worker struct {
	s        Server
	startup  *wire.WorkerStartup
	listener net.Listener
}

// foundParent is who started this process.
var foundParent = os.Getppid()

// workerStartup is what a host of the library says in the environment; nil if there is none. It is not passed on to children.
func (s *Server) workerStartup() (*wire.WorkerStartup, error) {
	startup, err := wire.ReadWorkerStartup(os.Getenv)
	if err == nil && startup != nil {
		err = s.checkWorker(startup)
	}
	for _, name := range wire.WorkerEnv {
		os.Unsetenv(name)
	}
	if err != nil {
		return nil, exitf(exitWorker, "%v", err)
	}
	return startup, nil
}

// checkWorker says why this plugin cannot serve a host of the library.
func (s *Server) checkWorker(startup *wire.WorkerStartup) error {
	mine := wire.WorkerSerializer
	if s.Serializer != nil {
		mine = s.Serializer.Name()
	}
	if text := startup.Mismatch(os.Getenv, mine); text != "" {
		return errors.New(text)
	}
	if mine != wire.WorkerSerializer { // the host did not say; there is only one
		return errors.New((&wire.WorkerStartup{Serializer: wire.WorkerSerializer}).Mismatch(os.Getenv, mine))
	}
	for _, h := range s.Handlers {
		if err := wire.CheckWorkerName(h.Use().Name); err != nil {
			return err
		}
	}
	if len(s.Uses) > 0 {
		return unanswered(s.Uses[0].Name)
	}
	return nil
}

// unanswered is the error of a call to a host of the library.
func unanswered(name string) error {
	return rpc.NotSent(rpc.Unimplemented, "%s: the host speaks %s, in which a plugin answers calls and makes none", name, rpc.ProtocolIsolatedWorkers)
}

// libraryHost is a host of the library as hooks see it.
type libraryHost struct{}

func (libraryHost) Invoke(_ context.Context, m *rpc.Message, _ any) error { return unanswered(m.Type) }
func (libraryHost) Notify(_ context.Context, m *rpc.Message) error        { return unanswered(m.Type) }
func (libraryHost) Open(_ context.Context, m *rpc.Message) (rpc.Flow, error) {
	return nil, unanswered(m.Type)
}

// work serves a host of the library, from the Start hook, which runs before there is a socket, to the end of its connection.
func (s Server) work(ctx context.Context, startup *wire.WorkerStartup) error {
	ctx, stopSignals := untilSignalled(ctx)
	defer stopSignals()
	if s.Start != nil {
		if err := s.Start(rpc.WithCaller(ctx, libraryHost{})); err != nil {
			return exitf(exitWorker, "start: %v", err)
		}
	}
	listener, err := listenAsWorker(startup.SocketPath)
	if err != nil {
		return exitf(exitWorker, "%v", err)
	}
	w := &worker{s: s, startup: startup, listener: listener}
	return w.run(ctx)
}

// listenAsWorker binds the socket that the host named, over one that a worker before left behind.
func listenAsWorker(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
	return listen(&wire.Startup{Socket: path})
}

// run serves the first connection, and leaves.
func (w *worker) run(ctx context.Context) error {
	defer w.listener.Close()
	c, err := w.accept(ctx)
	if c == nil {
		return err
	}
	conn := rpc.NewConn(context.Background(), c, rpc.Options{
		Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromPlugin, Handlers: rpc.NewMux(w.s.Handlers...), MaxInflight: workerInflight,
		Logger: w.s.Logger, Middleware: w.s.Middleware,
	})
	select {
	case <-conn.Done():
	case <-ctx.Done():
		w.finish(conn)
	}
	conn.Close()
	return w.leave(conn)
}

// accept waits for the host. Without a connection the process ends, with the error or, if it was asked to leave, without one.
func (w *worker) accept(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if limit := w.connectTimeout(); limit > 0 {
		timer := time.AfterFunc(limit, func() {
			cancel(exitf(ExitUnavailable, "no host connected within %s (serverConnectTimeout): start this plugin through its host", limit))
		})
		defer timer.Stop()
	}
	go watchParent(ctx, cancel)
	stop := context.AfterFunc(ctx, func() { w.listener.Close() })
	defer stop()
	for {
		c, err := w.listener.Accept()
		var exit *ExitError
		switch {
		case err == nil:
			if err = checkPeer(c); err == nil {
				return c, nil
			}
			w.s.Logger.Warn("a connection was refused", "reason", err.Error())
			c.Close()
		case ctx.Err() != nil && errors.As(context.Cause(ctx), &exit):
			return nil, exit
		case ctx.Err() != nil:
			return nil, nil
		default: // no descriptors left, perhaps
			w.s.Logger.Warn("a connection could not be accepted", "error", err)
			time.Sleep(acceptPause)
		}
	}
}

// connectTimeout is how long to wait for the host; 0: for ever.
func (w *worker) connectTimeout() time.Duration {
	switch own := w.s.HostConnectTimeout; {
	case own < 0:
		return 0
	case own > 0:
		return own
	}
	return time.Duration(w.startup.ConnectTimeout) * time.Millisecond
}

// parentPause is how often an orphan looks whether it is one.
const parentPause = 250 * time.Millisecond

// watchParent ends the waiting for a host that is gone: this process has another parent then. Windows tells nothing of the kind.
func watchParent(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(parentPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if os.Getppid() != foundParent {
				end(exitf(ExitUnavailable, "the host is gone, and has not connected: start this plugin through its host"))
			}
		case <-ctx.Done():
			return
		}
	}
}

// finishLimit is how long calls in flight may take when this process was asked to leave: its host cannot be told.
const finishLimit = 5 * time.Second

func (w *worker) finish(conn *rpc.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), finishLimit)
	defer cancel()
	if err := conn.Drain(ctx); err != nil {
		w.s.Logger.Warn("leaving before all is finished", "reason", err)
	}
}

// leave gives handlers, whose contexts have ended, and then the Stop hook what a host that died allows: together half a second.
func (w *worker) leave(conn *rpc.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), hostGoneGrace)
	defer cancel()
	awaitHandlers(ctx, conn)
	if w.s.Stop == nil {
		return nil
	}
	stopped := make(chan error, 1) // so that a hook that is late can end
	go func() { stopped <- w.s.Stop(rpc.WithCaller(ctx, libraryHost{})) }()
	select {
	case err := <-stopped:
		if err != nil {
			return exitf(ExitSoftware, "stop: %v", err)
		}
		return nil
	case <-ctx.Done():
		return exitf(ExitSoftware, "stop: not done within %s, which is all that the Stop hook has in %s: let it do less", hostGoneGrace, rpc.ProtocolIsolatedWorkers)
	}
}

// awaitHandlers waits for half of the grace at the most.
func awaitHandlers(ctx context.Context, conn *rpc.Conn) {
	late := time.NewTimer(hostGoneGrace / 2)
	defer late.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for conn.Stats().Serving > 0 {
		select {
		case <-tick.C:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
