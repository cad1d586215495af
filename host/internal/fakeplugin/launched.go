package fakeplugin

import (
	"context"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// Launched is a process of a Plugin. Its methods may be called concurrently.
type Launched struct {
	child   *proctest.Child
	startup *wire.Startup
	stream  *wire.Stream
	gate    *gate
	serving chan struct{} // closed when conn is set
	conn    *rpc.Conn
}

// Launched is the latest process; nil if there was none.
func (p *Plugin) Launched() *Launched {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Active reports whether it has not ended.
func (l *Launched) Active() bool { return l.child.Context().Err() == nil }

// Conn is its end of the connection, once it has passed its handshake: until then it waits. Nil if the process has ended before.
func (l *Launched) Conn() *rpc.Conn {
	select {
	case <-l.serving:
		return l.conn
	case <-l.child.Context().Done():
		return nil
	}
}

// Freeze stands it still, as SIGSTOP does: nothing reaches it and nothing of it gets out, and it does not hear SIGTERM. Its handlers go on.
func (l *Launched) Freeze() { l.gate.freeze() }

// Thaw ends Freeze.
func (l *Launched) Thaw() { l.gate.thaw() }

// Exit ends it at once with a status, or, if signal is not empty, as that signal would.
func (l *Launched) Exit(code int, signal string, stderr ...string) {
	End(l.child, code, signal, stderr...)
}

// End ends a process at once; see Launched.Exit.
func End(c *proctest.Child, code int, signal string, stderr ...string) {
	for _, line := range stderr {
		fmt.Fprintln(c.Stderr, line)
	}
	if signal != "" {
		c.Die(signal, false)
		return
	}
	c.Exit(code)
}

// Leave says goodbye to the host, before the host does.
func (l *Launched) Leave() {
	if c := l.Conn(); c != nil {
		_ = c.Goodbye(l.child.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop})
	}
}

// serve answers until something ends it, and returns the exit code.
func (p *Plugin) serve(l *Launched, hello *wire.HostHello) int {
	serializer, err := codec.Lookup(l.startup.Serializer)
	if err != nil {
		return exitConfig
	}
	goodbye := make(chan rpc.Goodbye, 4) // the connection sends, wait receives; one is enough
	limits := hello.Limits
	if p.Inflight > 0 {
		limits.Inflight = p.Inflight
	}
	conn := rpc.NewConn(context.Background(), l.stream, rpc.Options{
		Serializer: serializer, Handlers: p.mux(), PeerHandles: rpc.UsesOf(hello.Handles), Side: rpc.FromPlugin, Middleware: p.Middleware,
		MaxFrame: limits.Frame, MaxInflight: limits.Inflight, MaxStreams: limits.Streams, StreamItems: limits.StreamItems, StreamBytes: limits.StreamBytes,
		CallTimeout: time.Duration(l.startup.Timeouts.Call) * time.Millisecond, OnGoodbye: func(g rpc.Goodbye) { goodbye <- g },
	})
	defer conn.Close()
	l.conn = conn
	close(l.serving)
	if p.Serving != nil {
		p.Serving(conn)
	}
	return p.wait(l, conn, goodbye)
}

func (p *Plugin) wait(l *Launched, conn *rpc.Conn, goodbye chan rpc.Goodbye) int {
	terminated, over := l.child.Terminated(), conn.Done()
	for {
		select {
		case <-goodbye:
			p.told("goodbye")
			if !p.Deaf {
				return p.leave(l, conn)
			}
		case <-terminated:
			l.gate.pass()
			p.told("SIGTERM")
			if terminated = nil; !p.Defiant {
				return exitTerm
			}
		case <-over:
			if over = nil; !p.Deaf {
				return 0
			}
		case <-l.child.Context().Done():
			p.told("SIGKILL")
			return exitKill
		}
	}
}

// leave finishes what is in flight, and ends.
func (p *Plugin) leave(l *Launched, conn *rpc.Conn) int {
	_ = conn.Drain(l.child.Context())
	if p.Stop != nil {
		p.Stop()
	}
	return 0
}
