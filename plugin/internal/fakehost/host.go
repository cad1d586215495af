package fakehost

import (
	"context"
	"io"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin/internal/seam"
	"github.com/go-hotplug/hotplug/rpc"
)

// A Host is what launched a plugin. Its methods may be called concurrently.
type Host struct {
	Startup  *wire.Startup // not to be changed once the plugin runs
	Listener *Listener     // what the plugin listens on

	lifeline *io.PipeWriter
	end      *io.PipeReader // the plugin's
}

// New makes a host that tells its plugin s, to which it adds what every host says.
func New(s *wire.Startup) *Host {
	s.Hotplug, s.Socket, s.Token, s.Answer = []int{wire.Version}, "memory", wire.NewSecret(), wire.NewSecret()
	s.Limits = s.Limits.WithDefaults()
	if s.Serializer == "" {
		s.Serializer = codec.Default
	}
	h := &Host{Startup: s, Listener: NewListener()}
	h.end, h.lifeline = io.Pipe()
	return h
}

// Given is what the plugin gets. kill is called when its process group would be killed.
func (h *Host) Given(kill func()) seam.Given {
	return seam.Given{Startup: h.Startup, Listener: h.Listener, Lifeline: h.end, Kill: kill}
}

// Die ends the lifeline, as the death of the host does. Its connections are their owners' to close.
func (h *Host) Die() { h.lifeline.Close() }

// Close lets go of the plugin's end of the lifeline: whoever watches it returns, and learns nothing of the host.
func (h *Host) Close() { h.end.CloseWithError(io.ErrClosedPipe) }

// Dial makes a connection that the plugin has not accepted.
func (h *Host) Dial() *wire.Stream { return wire.NewStream(h.Listener.Dial()) }

// Hello is the line of this host, which does not say what it handles.
func (h *Host) Hello() *wire.HostHello {
	return &wire.HostHello{
		Hotplug: h.Startup.Hotplug, Serializer: h.Startup.Serializer, Token: h.Startup.Token, Host: h.Startup.Host, Limits: h.Startup.Limits,
	}
}

// Try does the handshake on a new connection. The connection is the caller's, also after an error, until ctx ends.
func (h *Host) Try(ctx context.Context, hello *wire.HostHello) (*wire.Stream, *wire.PluginHello, error) {
	s := h.Dial()
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := wire.WriteLine(s, hello); err != nil {
		return s, nil, err
	}
	answer, err := wire.ReadPluginHello(s.Reader)
	return s, answer, err
}

// Options are the host's end of a connection. The zero value works.
type Options struct {
	Handlers  []rpc.Handler
	Uses      []rpc.Use
	Logger    rpc.Logger
	OnGoodbye func(*rpc.Conn, rpc.Goodbye) // in a goroutine of its own
}

// Connect does all that a host does to connect, but the Start hook. The error says why the two cannot work together.
func (h *Host) Connect(ctx context.Context, o Options) (*rpc.Conn, *wire.PluginHello, error) {
	serializer, err := codec.Lookup(h.Startup.Serializer)
	if err != nil {
		return nil, nil, err
	}
	mux, hello := rpc.NewMux(o.Handlers...), h.Hello()
	hello.Handles, hello.Uses = rpc.Records(mux.Uses()), rpc.Records(o.Uses)
	s, answer, err := h.Try(ctx, hello)
	if err == nil {
		err = wire.CheckAnswer(h.Startup, hello, answer)
	}
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return h.carry(s, answer, rpc.Options{Serializer: serializer, Handlers: mux, Logger: o.Logger}, o.OnGoodbye), answer, nil
}

func (h *Host) carry(s *wire.Stream, answer *wire.PluginHello, o rpc.Options, onGoodbye func(*rpc.Conn, rpc.Goodbye)) *rpc.Conn {
	var conn *rpc.Conn
	made := make(chan struct{}) // closed when conn is set: a goodbye may be faster
	o.PeerHandles, o.Side = rpc.UsesOf(answer.Handles), rpc.FromHost
	limits := h.Startup.Limits
	o.MaxFrame, o.MaxInflight, o.MaxStreams = limits.Frame, limits.Inflight, limits.Streams
	o.StreamItems, o.StreamBytes = limits.StreamItems, limits.StreamBytes
	o.CallTimeout = time.Duration(h.Startup.Timeouts.Call) * time.Millisecond
	if onGoodbye != nil {
		o.OnGoodbye = func(g rpc.Goodbye) { <-made; onGoodbye(conn, g) }
	}
	conn = rpc.NewConn(context.Background(), s, o)
	close(made)
	return conn
}
