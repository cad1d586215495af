package fakeplugin

import (
	"context"
	"net"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A session is one connection that passed its handshake.
type session struct {
	conn   *rpc.Conn
	keep   bool          // the process outlives its host
	spoken chan struct{} // the connection sends when it has heard a goodbye, the process receives; one is enough
	parted chan struct{} // closed when nothing of a session that was replaced or parked is left
}

// admit does the handshake. Without a session it returns the exit code of a process that has no other.
func (p *Plugin) admit(l *Launched, stream *wire.Stream) (*session, int) {
	hello, err := wire.ReadHostHello(stream.Reader)
	if err != nil {
		return nil, exitSoftware
	}
	if p.Begun != nil {
		p.Begun(l.startup, hello)
	}
	answer := p.Hello(l.startup)
	if p.Answer != nil {
		p.Answer(answer)
	}
	if wire.WriteLine(stream, answer) != nil || answer.Error != nil {
		return nil, exitConfig
	}
	serializer, err := codec.Lookup(l.startup.Serializer)
	if err != nil {
		return nil, exitConfig
	}
	return p.carry(l, stream, hello, serializer), 0
}

// carry makes the connection.
func (p *Plugin) carry(l *Launched, stream *wire.Stream, hello *wire.HostHello, serializer codec.Serializer) *session {
	s := &session{keep: keeps(l), spoken: make(chan struct{}, 1), parted: make(chan struct{})}
	limits := hello.Limits
	if p.Inflight > 0 {
		limits.Inflight = p.Inflight
	}
	s.conn = rpc.NewConn(context.Background(), stream, rpc.Options{
		Serializer: serializer, Handlers: p.mux(), PeerHandles: rpc.UsesOf(hello.Handles), Side: rpc.FromPlugin, Middleware: p.Middleware,
		MaxFrame: limits.Frame, MaxInflight: limits.Inflight, MaxStreams: limits.Streams, StreamItems: limits.StreamItems, StreamBytes: limits.StreamBytes,
		CallTimeout: time.Duration(l.startup.Timeouts.Call) * time.Millisecond, OnGoodbye: s.heard,
	})
	l.serves(s.conn)
	if p.Serving != nil {
		p.Serving(s.conn)
	}
	return s
}

func (s *session) heard(rpc.Goodbye) {
	select {
	case s.spoken <- struct{}{}:
	default:
	}
}

// keeps reports whether a process outlives its host.
func keeps(l *Launched) bool { return l.startup.Disconnect.Mode == lifecycle.KeepAlive }

// parks reports whether the process stays without this session, as package plugin has it.
func (p *Plugin) parks(s *session) bool {
	if s.keep && s.conn.Err() != nil {
		g, said := s.conn.Heard()
		return !said || g.Then == rpc.GoodbyePark
	}
	g, said := s.conn.Heard()
	return said && g.Then == rpc.GoodbyePark && !p.NoPark
}

// accept does the handshake of a connection that is not the first, in a goroutine of its own.
func (p *Plugin) accept(l *Launched, c net.Conn) {
	stream := l.take(c)
	l.sessions.Go(func() {
		s, _ := p.admit(l, stream)
		if s == nil {
			stream.Close()
			return
		}
		select {
		case l.admitted <- s:
		case <-l.child.Context().Done():
			s.conn.Close()
		}
	})
}

// part takes leave of a session without ending the process, as package plugin does.
func (p *Plugin) part(l *Launched, s *session) {
	l.sessions.Go(func() {
		defer close(s.parted)
		ctx := l.child.Context()
		if !p.parks(s) {
			hearOut(ctx, s.conn)
		}
		if !p.parks(s) {
			s.conn.Close()
			return
		}
		p.told("park")
		_ = s.conn.Drain(ctx)
		_ = s.conn.Goodbye(ctx, rpc.Goodbye{Then: rpc.GoodbyePark, Lease: p.lease(l, s)})
		_ = s.conn.AwaitNotices(ctx)
		_ = s.conn.Drain(ctx)
		s.conn.Close()
	})
}

// hearOut reads what the host had said before it connected again.
func hearOut(ctx context.Context, conn *rpc.Conn) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, _ = conn.Ping(ctx)
}

// lease is how long it waits for its host once it is parked.
func (p *Plugin) lease(l *Launched, s *session) time.Duration {
	if g, _ := s.conn.Heard(); g.Lease > 0 {
		return g.Lease
	}
	if keeps(l) {
		return time.Duration(l.startup.Disconnect.Timeout) * time.Millisecond
	}
	return time.Duration(l.startup.Timeouts.HostConnect) * time.Millisecond
}
